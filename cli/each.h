#pragma once
// SPDX-License-Identifier: Apache-2.0
// The same for each of several objects.

#include <functional>
#include <string>
#include <vector>

namespace hoist::cli {

/// Calls `act` for each name and prints what it returns; goes on after an error. @return 1 if there was any, else 0
int for_each_name(const std::vector<std::string>& names, const std::function<std::string(const std::string&)>& act);

}  // namespace hoist::cli
