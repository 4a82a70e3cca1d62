#pragma once
// SPDX-License-Identifier: Apache-2.0
// The process that owns one container: its parent, its log, its exit. See monitor_protocol.h for what it answers.

#include <functional>
#include <string>
#include <vector>

namespace hoist::runtime {

/// `hoist-runtime monitor RUN_DIR`, with its first connection as descriptor 3 (none: it waits for one on its socket).
/// @param protect  called first; starts the program anew if its file is not safe from containers, or throws
/// @return the exit status of the program, after "quit"
int run_monitor(const std::vector<std::string>& args, const std::function<void()>& protect);

}  // namespace hoist::runtime
