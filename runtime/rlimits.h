#pragma once
// SPDX-License-Identifier: Apache-2.0
// Names of resource limits.

#include <optional>
#include <string>

namespace hoist::runtime {

/// "RLIMIT_NOFILE" -> its number for setrlimit(2); nullopt if there is none of this name.
std::optional<int> rlimit_number(const std::string& name);

}  // namespace hoist::runtime
