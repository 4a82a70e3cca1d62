#pragma once
// SPDX-License-Identifier: Apache-2.0
// Opening the state database: checks before anything is changed, the backup beside it, the schema's steps.

#include <memory>
#include <string>
#include <vector>

#include "storage/sqlite.h"

namespace hoist::storage {

/// What Database's constructor does before its thread starts. @throws Error as documented there
std::unique_ptr<Sqlite> open_database_file(const std::string& path);

/// The messages of "PRAGMA integrity_check" (or quick_check) and of broken foreign keys; empty if all is well.
std::vector<std::string> find_damage(Sqlite& db, const char* check);

}  // namespace hoist::storage
