// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_limits.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace hoist::runtime {
namespace {

std::string or_max(std::int64_t value) {
    return value < 0 ? "max" : std::to_string(value);
}

std::vector<CgroupWrite> writes_v1(const Resources& r) {
    std::vector<CgroupWrite> writes;
    const auto add = [&](const char* controller, const char* file, auto value, bool optional = false) {
        writes.push_back({controller, file, std::to_string(value), optional});
    };
    // 0 is "not set" in Docker's and runc's world.
    if (r.memory_limit.value_or(0)) add("memory", "memory.limit_in_bytes", *r.memory_limit);
    if (r.memory_reservation.value_or(0)) add("memory", "memory.soft_limit_in_bytes", *r.memory_reservation);
    if (r.memory_swap.value_or(0)) add("memory", "memory.memsw.limit_in_bytes", *r.memory_swap, true);
    if (r.memory_swappiness) add("memory", "memory.swappiness", *r.memory_swappiness, true);
    if (r.disable_oom_killer.value_or(false)) add("memory", "memory.oom_control", 1);
    if (r.cpu_shares.value_or(0)) add("cpu", "cpu.shares", *r.cpu_shares);
    if (r.cpu_period.value_or(0)) add("cpu", "cpu.cfs_period_us", *r.cpu_period);
    if (r.cpu_quota.value_or(0)) add("cpu", "cpu.cfs_quota_us", *r.cpu_quota);
    if (r.cpu_realtime_period.value_or(0)) add("cpu", "cpu.rt_period_us", *r.cpu_realtime_period);
    if (r.cpu_realtime_runtime.value_or(0)) add("cpu", "cpu.rt_runtime_us", *r.cpu_realtime_runtime);
    if (!r.cpuset_cpus.empty()) writes.push_back({"cpuset", "cpuset.cpus", r.cpuset_cpus});
    if (!r.cpuset_mems.empty()) writes.push_back({"cpuset", "cpuset.mems", r.cpuset_mems});
    if (r.pids_limit.value_or(0)) writes.push_back({"pids", "pids.max", or_max(*r.pids_limit)});
    if (r.blkio_weight.value_or(0)) add("blkio", "blkio.weight", *r.blkio_weight, true);
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

std::vector<CgroupWrite> writes_v2(const Resources& r) {
    std::vector<CgroupWrite> writes;
    if (r.memory_limit.value_or(0)) writes.push_back({"memory", "memory.max", or_max(*r.memory_limit)});
    if (r.memory_reservation.value_or(0)) writes.push_back({"memory", "memory.low", or_max(*r.memory_reservation)});
    add_swap_v2(r, writes);
    if (r.cpu_shares.value_or(0)) writes.push_back({"cpu", "cpu.weight", std::to_string(cpu_weight(*r.cpu_shares))});
    if (r.cpu_quota.value_or(0) || r.cpu_period.value_or(0)) {
        const std::string quota = r.cpu_quota.value_or(0) > 0 ? std::to_string(*r.cpu_quota) : "max";
        const std::uint64_t period = r.cpu_period.value_or(0) ? *r.cpu_period : 100000;
        writes.push_back({"cpu", "cpu.max", quota + " " + std::to_string(period)});
    }
    if (!r.cpuset_cpus.empty()) writes.push_back({"cpuset", "cpuset.cpus", r.cpuset_cpus});
    if (!r.cpuset_mems.empty()) writes.push_back({"cpuset", "cpuset.mems", r.cpuset_mems});
    if (r.pids_limit.value_or(0)) writes.push_back({"pids", "pids.max", or_max(*r.pids_limit)});
    if (const std::uint64_t weight = r.blkio_weight.value_or(0))  // 10..1000 onto 1..10000
        writes.push_back({"io", "io.weight", "default " + std::to_string(1 + (weight - 10) * 9999 / 990), true});
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
