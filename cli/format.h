#pragma once
// SPDX-License-Identifier: Apache-2.0
// --format with a template of the user's.

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/options.h"

namespace hoist::cli {

/// Titles of the fields that "table ..." may name: {"Names", "NAMES"}.
using FieldTitles = std::vector<std::pair<std::string_view, std::string_view>>;

/// Prints rows if --format is a template, "{{.Name}}" or "table {{.Name}}\t{{.Status}}" (with a line of titles and
/// aligned columns). Text in the values is escaped for a terminal. @return false if it is none
/// @throws UsageError for a template with a mistake
bool print_by_template(const Arguments& arguments, const FieldTitles& titles, const std::vector<Json>& rows);

}  // namespace hoist::cli
