// SPDX-License-Identifier: Apache-2.0
#include "api/stats_json.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include "wire/time.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

std::uint64_t machine_memory() {
    struct sysinfo memory {};
    ::sysinfo(&memory);
    return static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit;
}

Json cpu_json(const ContainerUsage& usage) {
    const auto& it = usage.cgroup;
    Json times = {{"total_usage", it.cpu}, {"usage_in_kernelmode", it.cpu_kernel}, {"usage_in_usermode", it.cpu_user}};
    if (!it.cpu_each.empty()) times["percpu_usage"] = it.cpu_each;
    Json cpu = {{"cpu_usage", std::move(times)},
                {"throttling_data",
                 {{"periods", it.periods},
                  {"throttled_periods", it.throttled_periods},
                  {"throttled_time", it.throttled_nanoseconds}}}};
    if (!usage.running) return cpu;
    cpu["system_cpu_usage"] = usage.machine_cpu;
    cpu["online_cpus"] = ::sysconf(_SC_NPROCESSORS_ONLN);
    return cpu;
}

/// The page cache is among `usage`: clients take inactive_file, or total_inactive_file of v1, off it.
Json memory_json(const ContainerUsage& usage) {
    if (!usage.running) return Json::object();
    const auto& it = usage.cgroup;
    const std::uint64_t all = machine_memory();
    Json memory = {{"usage", it.memory},
                   {"limit", it.memory_limit ? std::min(it.memory_limit, all) : all},
                   {"stats", it.memory_details}};
    if (it.memory_max_used > 0) {
        memory["max_usage"] = it.memory_max_used;
        memory["failcnt"] = it.memory_failures;
    }
    return memory;
}

Json block_json(const ContainerUsage& usage) {
    Json bytes = usage.running ? Json::array() : Json();
    for (const auto& one : usage.cgroup.blocks)
        bytes.push_back({{"major", one.major}, {"minor", one.minor}, {"op", one.operation}, {"value", one.bytes}});
    Json block = {{"io_service_bytes_recursive", std::move(bytes)}};
    for (const char* key : {"io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive",
                            "io_wait_time_recursive", "io_merged_recursive", "io_time_recursive", "sectors_recursive"})
        block[key] = nullptr;
    return block;
}

Json networks_json(const ContainerUsage& usage) {
    Json networks = Json::object();
    for (const auto& [name, it] : usage.networks)
        networks[name] = {{"rx_bytes", it.rx_bytes},     {"rx_packets", it.rx_packets}, {"rx_errors", it.rx_errors},
                          {"rx_dropped", it.rx_dropped}, {"tx_bytes", it.tx_bytes},     {"tx_packets", it.tx_packets},
                          {"tx_errors", it.tx_errors},   {"tx_dropped", it.tx_dropped}};
    return networks;
}

}  // namespace

Json stats_json(const ContainerView& view, const ContainerUsage& usage, const ContainerUsage& before) {
    Json pids = Json::object();
    if (usage.running) {
        pids = {{"current", usage.cgroup.pids}};
        if (usage.cgroup.pids_limit) pids["limit"] = usage.cgroup.pids_limit;
    }
    Json stats = {{"name", "/" + view.name},
                  {"id", view.id.str()},
                  {"read", format_time(usage.read)},
                  {"preread", wire::time_or_never(before.read)},
                  {"pids_stats", std::move(pids)},
                  {"blkio_stats", block_json(usage)},
                  {"num_procs", 0},
                  {"storage_stats", Json::object()},
                  {"cpu_stats", cpu_json(usage)},
                  {"precpu_stats", cpu_json(before)},
                  {"memory_stats", memory_json(usage)}};
    if (!usage.networks.empty()) stats["networks"] = networks_json(usage);
    return stats;
}

}  // namespace hoist::api
