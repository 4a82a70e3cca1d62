// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_limits.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace hoist::runtime {
namespace {

std::string or_max(std::int64_t value) {
    return value < 0 ? "max" : std::to_string(value);
}

[[noreturn]] void refuse_on(const char* version, const char* key) {
    fail(Kind::invalid, "linux.resources.{}: cgroup {} has no such limit", key, version);
}

std::string device_line(std::int64_t major, std::int64_t minor, const std::string& value) {
    return fmt::format("{}:{} {}", major, minor, value);
}

void add_memory_v1(const Resources& r, std::vector<CgroupWrite>& writes) {
    const auto add = [&](const char* file, auto value, bool optional = false) {
        writes.push_back({"memory", file, std::to_string(value), optional});
    };
    // 0 is "not set" in Docker's and runc's world.
    if (r.memory_limit.value_or(0)) add("memory.limit_in_bytes", *r.memory_limit);
    if (r.memory_reservation.value_or(0)) add("memory.soft_limit_in_bytes", *r.memory_reservation);
    if (r.memory_swap.value_or(0)) add("memory.memsw.limit_in_bytes", *r.memory_swap, true);
    // Where the file is gone (Linux 6.7), the kernel's memory counts as memory.
    if (r.kernel_memory.value_or(0)) add("memory.kmem.limit_in_bytes", *r.kernel_memory, true);
    if (r.kernel_tcp_memory.value_or(0)) add("memory.kmem.tcp.limit_in_bytes", *r.kernel_tcp_memory, true);
    if (r.use_hierarchy) add("memory.use_hierarchy", *r.use_hierarchy ? 1 : 0, *r.use_hierarchy);
    if (r.memory_swappiness) add("memory.swappiness", *r.memory_swappiness, true);
    if (r.disable_oom_killer.value_or(false)) add("memory.oom_control", 1);
}

void add_cpu_v1(const Resources& r, std::vector<CgroupWrite>& writes) {
    const auto add = [&](const char* file, auto value) { writes.push_back({"cpu", file, std::to_string(value)}); };
    if (r.cpu_shares.value_or(0)) add("cpu.shares", *r.cpu_shares);
    if (r.cpu_period.value_or(0)) add("cpu.cfs_period_us", *r.cpu_period);
    if (r.cpu_quota.value_or(0)) add("cpu.cfs_quota_us", *r.cpu_quota);
    if (r.cpu_burst) add("cpu.cfs_burst_us", *r.cpu_burst);
    if (r.cpu_realtime_period.value_or(0)) add("cpu.rt_period_us", *r.cpu_realtime_period);
    if (r.cpu_realtime_runtime.value_or(0)) add("cpu.rt_runtime_us", *r.cpu_realtime_runtime);
    if (r.cpu_idle) add("cpu.idle", *r.cpu_idle);
}

void add_cpuset(const Resources& r, std::vector<CgroupWrite>& writes) {
    if (!r.cpuset_cpus.empty()) writes.push_back({"cpuset", "cpuset.cpus", r.cpuset_cpus});
    if (!r.cpuset_mems.empty()) writes.push_back({"cpuset", "cpuset.mems", r.cpuset_mems});
}

void add_rates_v1(const char* file, const std::vector<DeviceRate>& rates, std::vector<CgroupWrite>& writes) {
    for (const auto& one : rates)
        writes.push_back({"blkio", file, device_line(one.major, one.minor, std::to_string(one.rate))});
}

/// The weight of the whole is a share in what a scheduler without weights shares out anyway; that of a device was
/// asked for with that device in mind.
void add_block_io_v1(const Resources& r, std::vector<CgroupWrite>& writes) {
    const auto& block = r.block_io;
    const auto add = [&](const char* file, std::string value, bool optional, std::string else_file = "") {
        writes.push_back({"blkio", file, std::move(value), optional, std::move(else_file)});
    };
    if (r.blkio_weight.value_or(0)) add("blkio.weight", std::to_string(*r.blkio_weight), true, "blkio.bfq.weight");
    if (block.leaf_weight.value_or(0)) add("blkio.leaf_weight", std::to_string(*block.leaf_weight), true);
    for (const auto& one : block.weights) {
        if (one.weight)
            add("blkio.weight_device", device_line(one.major, one.minor, std::to_string(*one.weight)), false,
                "blkio.bfq.weight_device");
        if (one.leaf_weight)
            add("blkio.leaf_weight_device", device_line(one.major, one.minor, std::to_string(*one.leaf_weight)), false);
    }
    add_rates_v1("blkio.throttle.read_bps_device", block.read_bytes, writes);
    add_rates_v1("blkio.throttle.write_bps_device", block.write_bytes, writes);
    add_rates_v1("blkio.throttle.read_iops_device", block.read_operations, writes);
    add_rates_v1("blkio.throttle.write_iops_device", block.write_operations, writes);
}

/// Pages in use, and, where the kernel tells them apart (5.7), those set aside.
void add_hugepages(const Resources& r, const char* limit, std::vector<CgroupWrite>& writes) {
    for (const auto& one : r.hugepages) {
        const std::string size = "hugetlb." + one.page_size, value = std::to_string(one.limit);
        writes.push_back({"hugetlb", size + "." + limit, value});
        writes.push_back({"hugetlb", size + ".rsvd." + limit, value, true});
    }
}

void add_rdma(const Resources& r, std::vector<CgroupWrite>& writes) {
    for (const auto& [device, limit] : r.rdma) {
        std::string line = device;
        if (limit.handles) line += fmt::format(" hca_handle={}", *limit.handles);
        if (limit.objects) line += fmt::format(" hca_object={}", *limit.objects);
        writes.push_back({"rdma", "rdma.max", line});
    }
}

std::vector<CgroupWrite> writes_v1(const Resources& r) {
    std::vector<CgroupWrite> writes;
    if (!r.unified.empty())
        fail(Kind::invalid, "linux.resources.unified: it is for cgroup v2, and the controllers here are v1's");
    add_memory_v1(r, writes);
    add_cpu_v1(r, writes);
    add_cpuset(r, writes);
    if (r.pids_limit.value_or(0)) writes.push_back({"pids", "pids.max", or_max(*r.pids_limit)});
    add_block_io_v1(r, writes);
    add_hugepages(r, "limit_in_bytes", writes);
    if (r.network_class) writes.push_back({"net_cls", "net_cls.classid", std::to_string(*r.network_class)});
    for (const auto& one : r.network_priorities)
        writes.push_back({"net_prio", "net_prio.ifpriomap", fmt::format("{} {}", one.name, one.priority)});
    add_rdma(r, writes);
    return writes;
}

/// v2 has one limit for memory and one for swap alone, where OCI (and v1) counts both together.
void add_swap_v2(const Resources& r, std::vector<CgroupWrite>& writes) {
    const std::int64_t swap = r.memory_swap.value_or(0);
    if (swap == 0) return;
    if (swap < 0) {
        writes.push_back({"memory", "memory.swap.max", "max", true});
        return;
    }
    const std::int64_t limit = r.memory_limit.value_or(0);
    if (limit <= 0 || swap < limit)
        fail(Kind::invalid,
             "linux.resources.memory.swap ({}) is memory and swap together and needs a memory limit that "
             "is not larger",
             swap);
    writes.push_back({"memory", "memory.swap.max", std::to_string(swap - limit), true});
}

/// Every v2 cgroup counts its kernel memory as memory and is hierarchical; the rest has no counterpart.
void refuse_v1_only(const Resources& r) {
    if (r.use_hierarchy == false) refuse_on("v2", "memory.useHierarchy = false");
    if (r.memory_swappiness) refuse_on("v2", "memory.swappiness");
    if (r.disable_oom_killer.value_or(false)) refuse_on("v2", "memory.disableOOMKiller");
    if (r.cpu_realtime_period.value_or(0)) refuse_on("v2", "cpu.realtimePeriod");
    if (r.cpu_realtime_runtime.value_or(0)) refuse_on("v2", "cpu.realtimeRuntime");
    if (r.block_io.leaf_weight.value_or(0)) refuse_on("v2", "blockIO.leafWeight");
    for (const auto& one : r.block_io.weights) {
        if (one.leaf_weight) refuse_on("v2", "blockIO.weightDevice.leafWeight");
    }
    if (r.network_class.value_or(0)) refuse_on("v2", "network.classID");
    if (!r.network_priorities.empty()) refuse_on("v2", "network.priorities");
}

void add_cpu_v2(const Resources& r, std::vector<CgroupWrite>& writes) {
    if (r.cpu_shares.value_or(0)) writes.push_back({"cpu", "cpu.weight", std::to_string(cpu_weight(*r.cpu_shares))});
    if (r.cpu_quota.value_or(0) || r.cpu_period.value_or(0)) {
        const std::string quota = r.cpu_quota.value_or(0) > 0 ? std::to_string(*r.cpu_quota) : "max";
        const std::uint64_t period = r.cpu_period.value_or(0) ? *r.cpu_period : 100000;
        writes.push_back({"cpu", "cpu.max", quota + " " + std::to_string(period)});
    }
    if (r.cpu_burst) writes.push_back({"cpu", "cpu.max.burst", std::to_string(*r.cpu_burst)});
    if (r.cpu_idle) writes.push_back({"cpu", "cpu.idle", std::to_string(*r.cpu_idle)});
}

/// 10..1000 onto 1..10000.
std::string io_weight(std::uint64_t weight) {
    return std::to_string(1 + (weight - 10) * 9999 / 990);
}

void add_rates_v2(const char* word, const std::vector<DeviceRate>& rates, std::vector<CgroupWrite>& writes) {
    for (const auto& one : rates) {
        const std::string rate = one.rate ? std::to_string(one.rate) : "max";
        writes.push_back({"io", "io.max", device_line(one.major, one.minor, fmt::format("{}={}", word, rate))});
    }
}

void add_block_io_v2(const Resources& r, std::vector<CgroupWrite>& writes) {
    const auto& block = r.block_io;
    if (const std::uint64_t weight = r.blkio_weight.value_or(0))
        writes.push_back({"io", "io.weight", "default " + io_weight(weight), true});
    for (const auto& one : block.weights) {
        if (one.weight)
            writes.push_back({"io", "io.weight", device_line(one.major, one.minor, io_weight(*one.weight))});
    }
    add_rates_v2("rbps", block.read_bytes, writes);
    add_rates_v2("wbps", block.write_bytes, writes);
    add_rates_v2("riops", block.read_operations, writes);
    add_rates_v2("wiops", block.write_operations, writes);
}

std::vector<CgroupWrite> writes_v2(const Resources& r) {
    std::vector<CgroupWrite> writes;
    refuse_v1_only(r);
    if (r.memory_limit.value_or(0)) writes.push_back({"memory", "memory.max", or_max(*r.memory_limit)});
    if (r.memory_reservation.value_or(0)) writes.push_back({"memory", "memory.low", or_max(*r.memory_reservation)});
    add_swap_v2(r, writes);
    add_cpu_v2(r, writes);
    add_cpuset(r, writes);
    if (r.pids_limit.value_or(0)) writes.push_back({"pids", "pids.max", or_max(*r.pids_limit)});
    add_block_io_v2(r, writes);
    add_hugepages(r, "max", writes);
    add_rdma(r, writes);
    for (const auto& [file, value] : r.unified) writes.push_back({file.substr(0, file.find('.')), file, value});
    return writes;
}

}  // namespace

std::uint64_t cpu_weight(std::uint64_t shares) {
    const double l = std::log2(static_cast<double>(std::clamp<std::uint64_t>(shares, 2, 262144)));
    const double weight = std::ceil(std::pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
    return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(weight), 1, 10000);
}

std::vector<CgroupWrite> limit_writes(CgroupMode mode, const Resources& resources) {
    return mode == CgroupMode::v2 ? writes_v2(resources) : writes_v1(resources);
}

std::string limit_file(const std::string& directory, const CgroupWrite& write) {
    const std::string usual = directory + "/" + write.file, other = directory + "/" + write.else_file;
    const bool use_other = !write.else_file.empty() && ::access(usual.c_str(), F_OK) != 0;
    return use_other && ::access(other.c_str(), F_OK) == 0 ? other : usual;
}

std::vector<DeviceRule> with_default_devices(std::vector<DeviceRule> rules) {
    if (rules.empty()) return rules;  // nothing asked: the parent's rules hold
    const auto same = [](const DeviceRule& a, const DeviceRule& b) {
        return device_rule_line(a) == device_rule_line(b) && a.allow == b.allow;
    };
    std::vector<DeviceRule> defaults = {{true, 'c', -1, -1, "m"}, {true, 'b', -1, -1, "m"}};
    const std::pair<int, int> allowed[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}, {136, -1}};
    for (const auto& [major, minor] : allowed) defaults.push_back({true, 'c', major, minor, "rwm"});
    const auto written = rules.size();
    for (auto& rule : defaults) {
        const auto end = rules.begin() + static_cast<std::ptrdiff_t>(written);
        if (std::none_of(rules.begin(), end, [&](const DeviceRule& r) { return same(r, rule); })) rules.push_back(rule);
    }
    return rules;
}

std::string device_rule_line(const DeviceRule& rule) {
    const auto number = [](std::int64_t n) { return n < 0 ? std::string("*") : std::to_string(n); };
    if (rule.type == 'a' && rule.major < 0 && rule.minor < 0 && rule.access == "rwm") return "a";
    return std::string(1, rule.type) + " " + number(rule.major) + ":" + number(rule.minor) + " " + rule.access;
}

}  // namespace hoist::runtime
