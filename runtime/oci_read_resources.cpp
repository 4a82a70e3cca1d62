// SPDX-License-Identifier: Apache-2.0
// Reading "linux.resources" of config.json.
#include <cstring>

#include "base/text.h"
#include "runtime/oci_read.h"

namespace hoist::runtime {
namespace {

using In = JsonReader;

void read_device_rule(const In& in, std::vector<DeviceRule>& rules) {
    auto& made = rules.emplace_back();
    in.read("allow", made.allow);
    made.type = read_type_letter(in, "acb", 'a');
    in.read("major", made.major);
    in.read("minor", made.minor);
    in.read("access", made.access);
    if (made.access.empty()) made.access = "rwm";
    if (made.access.find_first_not_of("rwm") != std::string::npos) in.refuse("access has only the letters r, w, m");
}

void read_memory(const In& in, Resources& into) {
    in.read("limit", into.memory_limit);
    in.read("reservation", into.memory_reservation);
    in.read("swap", into.memory_swap);
    in.read("kernel", into.kernel_memory);
    in.read("kernelTCP", into.kernel_tcp_memory);
    in.read("disableOOMKiller", into.disable_oom_killer);
    in.read("swappiness", into.memory_swappiness);
    in.read("useHierarchy", into.use_hierarchy);
    in.read("checkBeforeUpdate", into.check_before_update);
}

void read_cpu(const In& in, Resources& into) {
    in.read("shares", into.cpu_shares);
    in.read("quota", into.cpu_quota);
    in.read("burst", into.cpu_burst);
    in.read("period", into.cpu_period);
    in.read("realtimeRuntime", into.cpu_realtime_runtime);
    in.read("realtimePeriod", into.cpu_realtime_period);
    in.read("cpus", into.cpuset_cpus);
    in.read("mems", into.cpuset_mems);
    in.with("idle", [&](const In& idle) {
        into.cpu_idle = idle.as<std::int64_t>();
        if (*into.cpu_idle != 0 && *into.cpu_idle != 1) idle.refuse("is 0 or 1");
    });
}

template <class Entry>
void read_number_pair(const In& in, Entry& made) {
    in.read("major", made.major);
    in.read("minor", made.minor);
    if (made.major < 0 || made.minor < 0) in.refuse("major and minor must not be negative");
}

void read_rates(const In& in, const char* key, std::vector<DeviceRate>& rates) {
    in.each(key, [&](const In& rate) {
        auto& made = rates.emplace_back();
        read_number_pair(rate, made);
        rate.read("rate", made.rate);
    });
}

void read_block_io(const In& in, Resources& into) {
    in.read("weight", into.blkio_weight);
    in.read("leafWeight", into.block_io.leaf_weight);
    in.each("weightDevice", [&](const In& device) {
        auto& made = into.block_io.weights.emplace_back();
        read_number_pair(device, made);
        device.read("weight", made.weight);
        device.read("leafWeight", made.leaf_weight);
    });
    read_rates(in, "throttleReadBpsDevice", into.block_io.read_bytes);
    read_rates(in, "throttleWriteBpsDevice", into.block_io.write_bytes);
    read_rates(in, "throttleReadIOPSDevice", into.block_io.read_operations);
    read_rates(in, "throttleWriteIOPSDevice", into.block_io.write_operations);
}

bool is_page_size(const std::string& text) {
    const auto digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string::npos || text[0] == '0') return false;
    const std::string unit = text.substr(digits);
    return unit == "KB" || unit == "MB" || unit == "GB";
}

void read_hugepages(const In& in, std::vector<HugepageLimit>& limits) {
    in.each("hugepageLimits", [&](const In& limit) {
        auto& made = limits.emplace_back();
        limit.read("pageSize", made.page_size);
        limit.read("limit", made.limit);
        if (!is_page_size(made.page_size)) limit.refuse("pageSize is a number with KB, MB or GB, as 2MB");
    });
}

/// A name that goes into a line of a kernel file.
bool is_one_word(const std::string& text) {
    return !text.empty() && text.find_first_of(" \t\n/") == std::string::npos;
}

void read_network(const In& in, Resources& into) {
    in.read("classID", into.network_class);
    in.each("priorities", [&](const In& priority) {
        auto& made = into.network_priorities.emplace_back();
        priority.read("name", made.name);
        priority.read("priority", made.priority);
        if (!is_one_word(made.name)) priority.refuse("name is not a network interface's");
    });
}

void read_rdma(const In& in, std::map<std::string, RdmaLimit>& limits) {
    if (!in.json().is_object()) in.refuse("must be an object");
    for (const auto& [device, unused] : in.json().items()) {
        if (!is_one_word(device)) in.refuse("keys must be names of devices");
        in.with(device.c_str(), [&, &name = device](const In& limit) {
            auto& made = limits[name];
            limit.read("hcaHandles", made.handles);
            limit.read("hcaObjects", made.objects);
            if (!made.handles && !made.objects) limit.refuse("neither hcaHandles nor hcaObjects is given");
        });
    }
}

void read_unified(const In& in, std::map<std::string, std::string>& into) {
    for (const auto& [key, value] : in.json().items()) {
        if (!value.is_string()) in.refuse("values must be strings");
        if (key.empty() || key.find('/') != std::string::npos) in.refuse("keys must be file names");
        into[key] = value.get<std::string>();
    }
}

}  // namespace

Resources read_resources(const In& in) {
    Resources made;
    in.with("memory", [&](const In& memory) { read_memory(memory, made); });
    in.with("cpu", [&](const In& cpu) { read_cpu(cpu, made); });
    in.with("pids", [&](const In& pids) { pids.read("limit", made.pids_limit); });
    in.with("blockIO", [&](const In& block) { read_block_io(block, made); });
    read_hugepages(in, made.hugepages);
    in.with("network", [&](const In& network) { read_network(network, made); });
    in.with("rdma", [&](const In& rdma) { read_rdma(rdma, made.rdma); });
    in.each("devices", [&](const In& rule) { read_device_rule(rule, made.devices); });
    in.with("unified", [&](const In& unified) { read_unified(unified, made.unified); });
    return made;
}

Resources resources_from_json(const Json& object) {
    return read_resources(In(object));
}

}  // namespace hoist::runtime
