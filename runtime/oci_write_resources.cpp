// SPDX-License-Identifier: Apache-2.0
// Writing "linux.resources" of config.json.
#include "runtime/oci_write_parts.h"

namespace hoist::runtime {
namespace {

Json write_device_rules(const std::vector<DeviceRule>& rules) {
    Json list = Json::array();
    for (const auto& rule : rules) {
        Json made = {{"allow", rule.allow}, {"type", std::string(1, rule.type)}, {"access", rule.access}};
        if (rule.major >= 0) made["major"] = rule.major;
        if (rule.minor >= 0) made["minor"] = rule.minor;
        list.push_back(std::move(made));
    }
    return list;
}

Json write_memory(const Resources& resources) {
    Json made = Json::object();
    put(made, "limit", resources.memory_limit);
    put(made, "reservation", resources.memory_reservation);
    put(made, "swap", resources.memory_swap);
    put(made, "kernel", resources.kernel_memory);
    put(made, "kernelTCP", resources.kernel_tcp_memory);
    put(made, "disableOOMKiller", resources.disable_oom_killer);
    put(made, "swappiness", resources.memory_swappiness);
    put(made, "useHierarchy", resources.use_hierarchy);
    if (resources.check_before_update) made["checkBeforeUpdate"] = true;
    return made;
}

Json write_cpu(const Resources& resources) {
    Json made = Json::object();
    put(made, "shares", resources.cpu_shares);
    put(made, "quota", resources.cpu_quota);
    put(made, "burst", resources.cpu_burst);
    put(made, "period", resources.cpu_period);
    put(made, "realtimeRuntime", resources.cpu_realtime_runtime);
    put(made, "realtimePeriod", resources.cpu_realtime_period);
    put(made, "cpus", resources.cpuset_cpus);
    put(made, "mems", resources.cpuset_mems);
    put(made, "idle", resources.cpu_idle);
    return made;
}

Json write_rates(const std::vector<DeviceRate>& rates) {
    Json list = Json::array();
    for (const auto& one : rates) list.push_back({{"major", one.major}, {"minor", one.minor}, {"rate", one.rate}});
    return list;
}

Json write_block_io(const Resources& resources) {
    const BlockIo& block = resources.block_io;
    Json made = Json::object(), weights = Json::array();
    for (const auto& one : block.weights) {
        Json& device = weights.emplace_back(Json{{"major", one.major}, {"minor", one.minor}});
        put(device, "weight", one.weight);
        put(device, "leafWeight", one.leaf_weight);
    }
    put(made, "weight", resources.blkio_weight);
    put(made, "leafWeight", block.leaf_weight);
    put_section(made, "weightDevice", std::move(weights));
    put_section(made, "throttleReadBpsDevice", write_rates(block.read_bytes));
    put_section(made, "throttleWriteBpsDevice", write_rates(block.write_bytes));
    put_section(made, "throttleReadIOPSDevice", write_rates(block.read_operations));
    put_section(made, "throttleWriteIOPSDevice", write_rates(block.write_operations));
    return made;
}

Json write_hugepages(const std::vector<HugepageLimit>& limits) {
    Json list = Json::array();
    for (const auto& one : limits) list.push_back({{"pageSize", one.page_size}, {"limit", one.limit}});
    return list;
}

Json write_network(const Resources& resources) {
    Json made = Json::object(), list = Json::array();
    for (const auto& one : resources.network_priorities)
        list.push_back({{"name", one.name}, {"priority", one.priority}});
    put(made, "classID", resources.network_class);
    put_section(made, "priorities", std::move(list));
    return made;
}

Json write_rdma(const std::map<std::string, RdmaLimit>& limits) {
    Json made = Json::object();
    for (const auto& [device, limit] : limits) {
        made[device] = Json::object();
        put(made[device], "hcaHandles", limit.handles);
        put(made[device], "hcaObjects", limit.objects);
    }
    return made;
}

}  // namespace

Json to_json(const Resources& resources) {
    Json made = Json::object(), pids = Json::object();
    put(pids, "limit", resources.pids_limit);
    put_section(made, "memory", write_memory(resources));
    put_section(made, "cpu", write_cpu(resources));
    put_section(made, "pids", std::move(pids));
    put_section(made, "blockIO", write_block_io(resources));
    put_section(made, "hugepageLimits", write_hugepages(resources.hugepages));
    put_section(made, "network", write_network(resources));
    put_section(made, "rdma", write_rdma(resources.rdma));
    put_section(made, "devices", write_device_rules(resources.devices));
    put(made, "unified", resources.unified);
    return made;
}

}  // namespace hoist::runtime
