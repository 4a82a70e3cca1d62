#pragma once
// SPDX-License-Identifier: Apache-2.0
// The functions that templates may call, and how Go prints values.

#include <string>
#include <vector>

#include "base/json.h"

namespace hoist::cli {

/// As Go's fmt prints it: text as it is, lists as [a b], maps as map[k:v].
std::string go_text(const Json& value);
/// Go's truth: not false, 0, empty or nothing.
bool go_truth(const Json& value);
/// @throws UsageError for a function that there is not, or arguments that do not fit
Json call_function(const std::string& name, const std::vector<Json>& arguments);

}  // namespace hoist::cli
