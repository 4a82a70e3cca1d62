#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a container uses, measured in its cgroup and its network namespace. Sums are since its start.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/cgroup.h"

namespace hoist::runtime {

struct BlockUsage {
    unsigned major = 0, minor = 0;
    std::string operation;  ///< "read", "write", ...
    std::uint64_t bytes = 0;
};

struct CgroupUsage {
    // Processor time, nanoseconds.
    std::uint64_t cpu = 0, cpu_user = 0, cpu_kernel = 0;
    std::vector<std::uint64_t> cpu_each;  ///< per processor; v1 only
    std::uint64_t periods = 0, throttled_periods = 0, throttled_nanoseconds = 0;
    // Memory, bytes; the page cache is part of it.
    std::uint64_t memory = 0;
    std::uint64_t memory_limit = 0;                          ///< 0: none
    std::uint64_t memory_max_used = 0, memory_failures = 0;  ///< v1 only
    std::map<std::string, std::uint64_t> memory_details;     ///< memory.stat
    std::uint64_t pids = 0, pids_limit = 0;                  ///< 0: no limit
    std::vector<BlockUsage> blocks;
};
/// What is not counted on this machine stays 0. A cgroup that has gone is all zeros.
CgroupUsage measure(const Cgroup& cgroup);

struct NetworkUsage {
    std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
    std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};
/// By interface, without loopback, as a process sees them. Empty if it has gone; the caller makes sure afterwards that
/// the number still belongs to it. (REL-12)
std::map<std::string, NetworkUsage> measure_network(pid_t pid);
/// The text of /proc/net/dev. Pure.
std::map<std::string, NetworkUsage> parse_network_usage(const std::string& text);

/// Processor time that the whole machine has spent, idle time included, in nanoseconds.
std::uint64_t machine_cpu_nanoseconds();

}  // namespace hoist::runtime
