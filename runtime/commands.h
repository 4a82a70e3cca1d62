#pragma once
// SPDX-License-Identifier: Apache-2.0
// The commands of hoist-runtime. @see opencontainers/runtime-spec runtime.md; names and options as runc's and crun's

#include <string>
#include <vector>

#include "runtime/arguments.h"
#include "runtime/notify_socket.h"
#include "runtime/state.h"

namespace hoist::runtime {

/// The version of the specification that this runtime follows.
constexpr const char* oci_version = "1.2.0";

/// What was written before the command.
struct Invocation {
    StateDirectory state;
    CgroupManager cgroup_manager = CgroupManager::cgroupfs;
    std::vector<int> inherited;  ///< the descriptors over 2 that this program was started with, as far as that matters
};

struct Command {
    const char* name;
    const char* usage;  ///< the words after its name
    const char* about;
    std::vector<OptionSpec> options;
    bool stop_early;  ///< what follows the id belongs to the program
    std::size_t least_words, most_words;
    int (*run)(const Invocation& invocation, const Arguments& arguments);
    int failure = 1;                ///< the exit status of an error of ours
    bool enters_container = false;  ///< runs our program where a container could get hold of it
};

/// All of them.
std::vector<Command> create_commands();
std::vector<Command> end_commands();
std::vector<Command> exec_commands();
std::vector<Command> query_commands();
std::vector<Command> limit_commands();
std::vector<Command> spec_commands();

/// `path` from the working directory, as text.
std::string absolute_path(const std::string& path);

/// Holds signals back until wait_in_foreground passes them on: none gets lost while a container is made.
void hold_signals();
/// Stays with a process in the foreground: forwards signals to it, and its terminal, if it has one, to ours.
/// @return its exit status as the shell counts
int wait_in_foreground(pid_t pid, const Fd& pidfd, Fd terminal, const NotifySocket& notify = {});
/// Hands a pty's master to the listener of --console-socket.
void send_terminal(const std::string& socket_path, const Fd& terminal);

}  // namespace hoist::runtime
