// SPDX-License-Identifier: Apache-2.0
#include "runtime/systemd_properties.h"

#include <fmt/format.h>

#include <limits>

#include "base/text.h"
#include "runtime/cgroup_limits.h"

namespace hoist::runtime {
namespace {

constexpr std::uint64_t infinity = std::numeric_limits<std::uint64_t>::max();

std::uint64_t limit_of(std::int64_t value) {
    return value < 0 ? infinity : static_cast<std::uint64_t>(value);
}

/// systemd counts quota per second, in steps of 10 ms.
std::uint64_t quota_per_second(std::int64_t quota, std::uint64_t period) {
    if (quota <= 0) return infinity;
    constexpr std::uint64_t step = 10'000, second = 1'000'000;
    const std::uint64_t exact = static_cast<std::uint64_t>(quota) * second / period;
    return (exact + step - 1) / step * step;
}

void add_cpu(std::vector<UnitProperty>& made, CgroupMode mode, const Resources& r) {
    if (const auto shares = r.cpu_shares.value_or(0)) {
        if (mode == CgroupMode::v2)
            made.push_back({"CPUWeight", cpu_weight(shares)});
        else
            made.push_back({"CPUShares", shares});
    }
    if (!r.cpu_quota.value_or(0) && !r.cpu_period.value_or(0)) return;
    const std::uint64_t period = r.cpu_period.value_or(0) ? *r.cpu_period : 100'000;
    made.push_back({"CPUQuotaPeriodUSec", period});
    made.push_back({"CPUQuotaPerSecUSec", quota_per_second(r.cpu_quota.value_or(0), period)});
}

void add_memory(std::vector<UnitProperty>& made, CgroupMode mode, const Resources& r) {
    const std::int64_t limit = r.memory_limit.value_or(0), swap = r.memory_swap.value_or(0);
    if (mode != CgroupMode::v2) {
        if (limit) made.push_back({"MemoryLimit", limit_of(limit)});
        return;
    }
    if (limit) made.push_back({"MemoryMax", limit_of(limit)});
    if (const auto low = r.memory_reservation.value_or(0)) made.push_back({"MemoryLow", limit_of(low)});
    if (swap < 0) made.push_back({"MemorySwapMax", infinity});
    if (swap > 0 && limit > 0 && swap >= limit) made.push_back({"MemorySwapMax", limit_of(swap - limit)});
}

/// The name of a major number in /proc/devices; "" if it has none.
std::string driver_name(std::string_view proc_devices, char type, std::int64_t major) {
    bool in_section = false;
    for (const auto& line : split(proc_devices, '\n')) {
        if (line.rfind(type == 'c' ? "Character" : "Block", 0) == 0) in_section = true;
        const auto words = split(trim(line), ' ');
        if (in_section && words.empty()) break;
        if (in_section && words.size() == 2 && words[0] == std::to_string(major)) return words[1];
    }
    return "";
}

/// "char-*", "char-pts", or "/dev/char/1:3", which systemd takes without looking for the file. "" if there is no name.
std::string device_name(const DeviceRule& rule, std::string_view proc_devices) {
    const std::string kind = rule.type == 'c' ? "char" : "block";
    if (rule.major < 0) return kind + "-*";
    if (rule.minor >= 0) return fmt::format("/dev/{}/{}:{}", kind, rule.major, rule.minor);
    const std::string driver = driver_name(proc_devices, rule.type, rule.major);
    return driver.empty() ? "" : kind + "-" + driver;
}

struct Writing {
    DbusWriter& writer;
    void operator()(bool value) const { writer.put_signature("b"), writer.put_bool(value); }
    void operator()(std::uint64_t value) const { writer.put_signature("t"), writer.put_u64(value); }
    void operator()(const std::string& value) const { writer.put_signature("s"), writer.put_string(value); }
    void operator()(const std::vector<std::string>& list) const {
        writer.put_signature("as");
        writer.put_array(4, [&] {
            for (const auto& one : list) writer.put_string(one);
        });
    }
    void operator()(const std::vector<std::uint32_t>& list) const {
        writer.put_signature("au");
        writer.put_array(4, [&] {
            for (const auto one : list) writer.put_u32(one);
        });
    }
    void operator()(const UnitProperty::Pairs& list) const {
        writer.put_signature("a(ss)");
        writer.put_array(8, [&] {
            for (const auto& [first, second] : list) {
                writer.begin_struct();
                writer.put_string(first);
                writer.put_string(second);
            }
        });
    }
};

}  // namespace

std::vector<UnitProperty> limit_properties(CgroupMode mode, const Resources& resources) {
    std::vector<UnitProperty> made;
    add_memory(made, mode, resources);
    add_cpu(made, mode, resources);
    if (resources.pids_limit.value_or(0)) made.push_back({"TasksMax", limit_of(*resources.pids_limit)});
    if (const std::uint64_t weight = resources.blkio_weight.value_or(0)) {
        if (mode == CgroupMode::v2)
            made.push_back({"IOWeight", 1 + (weight - 10) * 9999 / 990});
        else
            made.push_back({"BlockIOWeight", weight});
    }
    return made;
}

std::vector<UnitProperty> device_properties(const std::vector<DeviceRule>& rules, std::string_view proc_devices) {
    UnitProperty::Pairs allowed;
    bool everything = true;
    for (const auto& rule : rules) {
        const bool all = rule.type == 'a' && rule.major < 0 && rule.minor < 0;
        if (all) {
            allowed.clear();
            everything = rule.allow;
            continue;
        }
        const std::string name = rule.type == 'a' ? "" : device_name(rule, proc_devices);
        if (!rule.allow || everything || name.empty()) return {};  // a rule that only the cgroup itself can hold
        allowed.emplace_back(name, rule.access);
    }
    if (everything) return {};
    return {{"DevicePolicy", std::string("strict")}, {"DeviceAllow", std::move(allowed)}};
}

void put_properties(DbusWriter& writer, const std::vector<UnitProperty>& properties) {
    writer.put_array(8, [&] {
        for (const auto& property : properties) {
            writer.begin_struct();
            writer.put_string(property.name);
            std::visit(Writing{writer}, property.value);
        }
    });
}

}  // namespace hoist::runtime
