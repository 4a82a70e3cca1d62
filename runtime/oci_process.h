#pragma once
// SPDX-License-Identifier: Apache-2.0
// The "process" of config.json, and what is asked of its scheduling. @see opencontainers/runtime-spec config.md

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hoist::runtime {

struct User {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::optional<std::uint32_t> umask;
    std::vector<std::uint32_t> additional_gids;
    /// Ours, for the engine: "user[:group]" as written ("www-data", "1000:0"), looked up in the container's own
    /// /etc/passwd and /etc/group after its root is built; when set, uid, gid and the groups above are its result.
    std::string name;
    /// Ours: further groups, names or ids, looked up likewise (group_add).
    std::vector<std::string> group_names;
};

struct Capabilities {
    // Numbers of <linux/capability.h> as bit masks.
    std::uint64_t bounding = 0;
    std::uint64_t effective = 0;
    std::uint64_t inheritable = 0;
    std::uint64_t permitted = 0;
    std::uint64_t ambient = 0;
};

struct Rlimit {
    std::string type;  ///< "RLIMIT_NOFILE"
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

/// For sched_setattr(2).
struct Scheduler {
    std::string policy;  ///< "SCHED_FIFO"
    std::optional<std::int32_t> nice, priority;
    std::vector<std::string> flags;                          ///< "SCHED_FLAG_RESET_ON_FORK"
    std::optional<std::uint64_t> runtime, deadline, period;  ///< nanoseconds
};

/// For ioprio_set(2).
struct IoPriority {
    std::string io_class;  ///< "IOPRIO_CLASS_BE"
    std::int32_t priority = 0;
};

/// Processors of a further process (exec): lists as "0-3,7"; empty: as it comes.
struct CpuAffinity {
    std::string initial;    ///< until it is in the container's cgroup
    std::string final_one;  ///< from then on
};

struct Process {
    bool terminal = false;
    std::uint16_t console_rows = 0;
    std::uint16_t console_columns = 0;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env;  ///< "KEY=value"
    std::string cwd = "/";
    std::optional<Capabilities> capabilities;  ///< absent: keep what the runtime has
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::optional<int> oom_score_adj;
    std::string apparmor_profile, selinux_label;
    std::optional<Scheduler> scheduler;
    std::optional<IoPriority> io_priority;
    CpuAffinity exec_affinity;
};

}  // namespace hoist::runtime
