#pragma once
// SPDX-License-Identifier: Apache-2.0
// The last steps before a container's program, the same for its first process and for further ones.

#include "runtime/container.h"
#include "runtime/init/report.h"
#include "runtime/init/seccomp_notify.h"
#include "runtime/security_label.h"

namespace hoist::runtime::init {

/// What holds a program back, opened while the host's files are in sight.
struct Confinement {
    SeccompProgram seccomp;
    NotifyConnection listener;
    ExecLabel label;
};
/// @param state, pid  of the container, and of the process as the host counts, for the listener
Confinement open_confinement(const Process& process, const SeccompProgram& seccomp, const Json& profile, Json state,
                             pid_t pid);

/// Points 0, 1, 2 at `stdio` (an empty one stays as it is) and lets `uid` use them if they are pipes.
void use_streams(Stdio& stdio, std::uint32_t uid);

/// Everything else is closed at exec, but `preserved`, which become 3, 4, ... (SEC-03)
void keep_descriptors(const std::vector<int>& preserved, Reporter& reporter, Confinement& confinement);

/// Default dispositions and an empty mask, whatever the engine had.
void reset_signals();

/// Drops the last privileges and loads the filter: from here on this process may do what the program may, no more.
void confine(const Process& process, Confinement& confinement);

/// What uname(2) tells of. @throws Error that names linux.personality
void apply_personality(const Personality& personality);

/// @throws Error as execute() would, if there is no such program
void find_program(const Process& process);

/// Replaces this process by the program. @throws Error if it cannot
[[noreturn]] void execute(const Process& process);

/// Process 1 in front of the program, confined as it is: forwards signals, reaps, and ends with its status.
/// (CreateOptions.init)
[[noreturn]] void run_reaper(pid_t program);

}  // namespace hoist::runtime::init
