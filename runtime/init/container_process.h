#pragma once
// SPDX-License-Identifier: Apache-2.0
// The first process of a container, from clone to exec.

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/clone.h"
#include "runtime/container.h"
#include "runtime/init/host_side.h"
#include "runtime/init/report.h"

namespace hoist::runtime::init {

/// All that the new process needs, opened before the clone.
struct Plan {
    CreateOptions& options;
    const Cgroup& cgroup;
    std::vector<Fd> join_files;                        ///< v1 cgroups it moves itself into
    std::vector<std::pair<std::uint64_t, Fd>> joined;  ///< existing namespaces, by their clone flag
    Fd joined_mounts;                                  ///< the mount namespace, if it is one of those
    Fd user_namespace;                                 ///< joined, or made for this container
    Fd pid_namespace;                                  ///< another's, that the program is born into last
    PidNote& note;                                     ///< where the program's pid is left in that case
    std::uint64_t new_namespaces = 0;                  ///< by their clone flags
    bool new_network = false, new_cgroup_namespace = false, new_time = false, new_uts = false;
    HostSide host_side;
};

/// Runs in the new process; never returns. Errors go to the reporter.
[[noreturn]] void run_container_process(Plan& plan, Reporter reporter);

/// As run_container_process, for a container with a user or a time namespace: what needs the host's rights, or can only
/// be had by being born with it, comes first; then the container's process is made, as a sibling.
[[noreturn]] void run_outer_process(Plan& plan, Reporter reporter, PidNote& note);

// The two halves of run_container_process:

/// Joins cgroups and namespaces of the configuration, with the host's rights.
void begin(Plan& plan);
/// From new namespaces to the exec.
void build_and_run(Plan& plan, Reporter& reporter);

/// Moves this (single-threaded) process into cgroups.
void join_cgroups(const std::vector<Fd>& join_files);

}  // namespace hoist::runtime::init
