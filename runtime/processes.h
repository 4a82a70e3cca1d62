#pragma once
// SPDX-License-Identifier: Apache-2.0
// The processes of a container, as /proc tells of them.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "runtime/cgroup.h"

namespace hoist::runtime {

struct ProcessFacts {
    pid_t pid = 0, parent = 0, group = 0, session = 0;  ///< as the host counts them
    uid_t uid = 0;
    gid_t gid = 0;
    char state = '?';
    int terminal = 0;  ///< device number; 0: none
    int nice = 0, threads = 0;
    Nanoseconds cpu{0};
    TimePoint started;
    std::uint64_t memory = 0, virtual_memory = 0;  ///< bytes
    std::string name, command;                     ///< command: its arguments, or [name] without
};

/// All that run now, by pid. Those that end meanwhile are left out.
std::vector<ProcessFacts> list_processes(const Cgroup& cgroup);

/// The text of /proc/<pid>/stat, as far as it goes; nullopt if it is none. Pure.
/// @param booted  when the machine started
std::optional<ProcessFacts> parse_process(const std::string& stat, TimePoint booted);

}  // namespace hoist::runtime
