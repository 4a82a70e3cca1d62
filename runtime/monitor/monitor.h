#pragma once
// SPDX-License-Identifier: Apache-2.0
// The process that owns one container: its parent, its log, its exit. See monitor_protocol.h for what it answers.

#include <string>
#include <vector>

namespace hoist::runtime {

/// `hoist-runtime monitor RUN_DIR`, with its first connection as descriptor 3 (none: it waits for one on its socket).
/// @return the exit status of the program, after "quit"
int run_monitor(const std::vector<std::string>& args);

}  // namespace hoist::runtime
