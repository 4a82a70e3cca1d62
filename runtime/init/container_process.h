#pragma once
// SPDX-License-Identifier: Apache-2.0
// The first process of a container, from clone to exec.

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/clone.h"
#include "runtime/container.h"
#include "runtime/init/report.h"

namespace hoist::runtime::init {

/// All that the new process needs, opened before the clone.
struct Plan {
    CreateOptions& options;
    const Cgroup& cgroup;
    std::vector<Fd> join_files;                        ///< v1 cgroups it moves itself into
    std::vector<std::pair<std::uint64_t, Fd>> joined;  ///< existing namespaces, by their clone flag
    Fd pid_namespace;                                  ///< another's, that the program is born into last
    PidNote& note;                                     ///< where the program's pid is left in that case
    bool new_network = false;
    bool new_cgroup_namespace = false;
};

/// Runs in the new process; never returns. Errors go to the reporter.
[[noreturn]] void run_container_process(Plan& plan, Reporter reporter);

/// Moves this (single-threaded) process into cgroups.
void join_cgroups(const std::vector<Fd>& join_files);

}  // namespace hoist::runtime::init
