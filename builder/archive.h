#pragma once
// SPDX-License-Identifier: Apache-2.0
// Archives that ADD unpacks.

#include <string>

#include "base/fd.h"

namespace hoist::builder {

/// Whether the file is a tar, plain or compressed (gzip, bzip2, xz, zstd).
bool is_archive(const Fd& file);

/// Unpacks an archive into a directory, which is made; nothing lands outside of it. (SEC-35)
/// @throws Error(invalid) for a hostile or broken one
void unpack_archive(const Fd& file, const std::string& directory);

}  // namespace hoist::builder
