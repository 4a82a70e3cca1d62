#pragma once
// SPDX-License-Identifier: Apache-2.0
// hoist-runtime's --help.

#include <string>

#include "runtime/commands.h"

namespace hoist::runtime {

/// @param program  the name it was called by, which may be runc's
std::string program_help(const std::string& program, const std::vector<Command>& commands,
                         const std::vector<OptionSpec>& options);
std::string command_help(const std::string& program, const Command& command);

}  // namespace hoist::runtime
