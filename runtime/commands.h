#pragma once
// SPDX-License-Identifier: Apache-2.0
// The commands of hoist-runtime. @see opencontainers/runtime-spec runtime.md; names and options as runc's and crun's

#include <string>
#include <vector>

#include "runtime/arguments.h"
#include "runtime/state.h"

namespace hoist::runtime {

struct Command {
    const char* name;
    std::vector<OptionSpec> options;
    bool stop_early;  ///< what follows the id belongs to the program
    int (*run)(const StateDirectory& state, const Arguments& arguments);
};

/// All of them.
std::vector<Command> lifecycle_commands();
std::vector<Command> exec_commands();
std::vector<Command> query_commands();

/// The bundle's config.json, its root made absolute.
Config load_bundle(const std::string& bundle);

/// Stays with a process in the foreground: forwards signals to it, and its terminal, if it has one, to ours.
/// @return its exit status as the shell counts
int wait_in_foreground(pid_t pid, const Fd& pidfd, Fd terminal);
/// Hands a pty's master to the listener of --console-socket.
void send_terminal(const std::string& socket_path, const Fd& terminal);

}  // namespace hoist::runtime
