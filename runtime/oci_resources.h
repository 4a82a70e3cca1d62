#pragma once
// SPDX-License-Identifier: Apache-2.0
// "linux.resources" of config.json. @see opencontainers/runtime-spec config-linux.md "Control groups"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hoist::runtime {

struct DeviceRule {
    bool allow = false;
    char type = 'a';
    std::int64_t major = -1;  ///< -1: every
    std::int64_t minor = -1;
    std::string access = "rwm";
};

struct DeviceWeight {
    std::int64_t major = 0, minor = 0;
    std::optional<std::uint16_t> weight, leaf_weight;
};

struct DeviceRate {
    std::int64_t major = 0, minor = 0;
    std::uint64_t rate = 0;  ///< bytes or operations in a second
};

struct BlockIo {
    std::optional<std::uint16_t> leaf_weight;
    std::vector<DeviceWeight> weights;
    std::vector<DeviceRate> read_bytes, write_bytes, read_operations, write_operations;
};

struct HugepageLimit {
    std::string page_size;  ///< "2MB"
    std::uint64_t limit = 0;
};

struct InterfacePriority {
    std::string name;
    std::uint32_t priority = 0;
};

struct RdmaLimit {
    std::optional<std::uint32_t> handles, objects;
};

struct Resources {
    std::optional<std::int64_t> memory_limit, memory_reservation,
        memory_swap;  ///< bytes; swap is memory + swap, -1 none
    std::optional<std::int64_t> kernel_memory, kernel_tcp_memory;
    std::optional<bool> disable_oom_killer, use_hierarchy;
    bool check_before_update = false;  ///< refuse a limit below what is used, where the kernel would not (v2)
    std::optional<std::uint64_t> memory_swappiness;
    std::optional<std::uint64_t> cpu_shares, cpu_period, cpu_realtime_period, cpu_burst;
    std::optional<std::int64_t> cpu_quota, cpu_realtime_runtime, cpu_idle;
    std::string cpuset_cpus, cpuset_mems;
    std::optional<std::int64_t> pids_limit;  ///< 0 or below: no limit
    std::optional<std::uint16_t> blkio_weight;
    BlockIo block_io;
    std::vector<HugepageLimit> hugepages;
    std::optional<std::uint32_t> network_class;
    std::vector<InterfacePriority> network_priorities;
    std::map<std::string, RdmaLimit> rdma;  ///< by device
    std::vector<DeviceRule> devices;
    std::map<std::string, std::string> unified;
};

}  // namespace hoist::runtime
