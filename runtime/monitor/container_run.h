#pragma once
// SPDX-License-Identifier: Apache-2.0
// One run of the container, from the monitor's side: its process 1 and what must be known until it ends.

#include "runtime/container.h"
#include "runtime/monitor/container_io.h"
#include "runtime/monitor_protocol.h"

namespace hoist::runtime {

struct ContainerRun {
    std::uint64_t number = 0;
    TimePoint started_at;
    pid_t pid = -1;
    Fd pidfd, terminal, oom_watch;
    Cgroup cgroup;
    std::string cgroups_path, seccomp_file;
    std::optional<int> oom_score_adj;
    std::uint64_t oom_kills_before = 0, oom_kills_seen = 0;
    bool paused = false;
};

MonitorSpec read_monitor_spec(const std::string& run_directory);

/// The program that a process is confined with; empty name: none. @throws Error if it cannot be read
SeccompProgram read_seccomp(const std::string& file);

/// Starts the container and connects its streams to `io`. @throws Error; nothing is left then
/// @param network_namespace  joined if not null
ContainerRun begin_run(MonitorSpec spec, std::uint64_t number, const Fd* network_namespace, ContainerIo& io);

/// Reaps process 1, ends everything else in the cgroup, empties the pipes. The process must have exited.
ExitRecord end_run(ContainerRun& run, ContainerIo& io);

/// Whether the kernel has killed a process of it for lack of memory: any, as Docker counts, not the first alone.
bool was_oom_killed(const ContainerRun& run);

/// What a failed start counts as, in Docker's numbers: 127 no such program, 126 it cannot be executed, 128 other.
int exit_code_of_failed_start(const std::string& message);

}  // namespace hoist::runtime
