#pragma once
// SPDX-License-Identifier: Apache-2.0
// The command line: one function per group of commands registers them, run_command dispatches.

#include <string>
#include <vector>

namespace hoist::cli {

/// Runs `hoist <arguments>`. @return the exit status: 0, 1 for errors, 2 for usage, a container's or exec's own
int run_command(const std::vector<std::string>& arguments);

}  // namespace hoist::cli
