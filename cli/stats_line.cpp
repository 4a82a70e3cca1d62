// SPDX-License-Identifier: Apache-2.0
#include "cli/stats_line.h"

#include <fmt/format.h>

#include "base/units.h"

namespace hoist::cli {
namespace {

std::uint64_t number(const Json& object, std::initializer_list<const char*> path) {
    const Json* at = &object;
    for (const char* key : path) {
        const auto found = at->is_object() ? at->find(key) : at->end();
        if (!at->is_object() || found == at->end()) return 0;
        at = &*found;
    }
    return at->is_number() ? at->get<std::uint64_t>() : 0;
}

double cpu_percent(const Json& sample) {
    const auto total = number(sample, {"cpu_stats", "cpu_usage", "total_usage"}),
               before = number(sample, {"precpu_stats", "cpu_usage", "total_usage"}),
               machine = number(sample, {"cpu_stats", "system_cpu_usage"}),
               machine_before = number(sample, {"precpu_stats", "system_cpu_usage"});
    if (total <= before || machine <= machine_before || machine_before == 0) return 0;
    const auto processors = std::max<std::uint64_t>(number(sample, {"cpu_stats", "online_cpus"}), 1);
    return static_cast<double>(total - before) / static_cast<double>(machine - machine_before) *
           static_cast<double>(processors) * 100;
}

std::uint64_t memory_in_use(const Json& sample) {
    const auto usage = number(sample, {"memory_stats", "usage"});
    for (const char* cache : {"total_inactive_file", "inactive_file"}) {
        const auto size = number(sample, {"memory_stats", "stats", cache});
        if (size > 0 && size < usage) return usage - size;
    }
    return usage;
}

/// "1.5MiB": four digits, powers of 1024, as docker shows memory.
std::string binary_size(std::uint64_t bytes) {
    constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    auto size = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; size >= 1024 && unit + 1 < std::size(units); ++unit) size /= 1024;
    return fmt::format("{:.4g}{}", size, units[unit]);
}

std::string size(std::uint64_t bytes) {
    return format_bytes(Bytes{static_cast<std::int64_t>(bytes)});
}

struct Texts {
    std::string id, cpu, memory, memory_percent, network, block, pids;
};
Texts texts(const StatsLine& line, bool whole_id) {
    return {whole_id ? line.id : short_id(line.id),
            fmt::format("{:.2f}%", line.cpu_percent),
            binary_size(line.memory) + " / " + binary_size(line.memory_limit),
            fmt::format("{:.2f}%", line.memory_percent),
            size(line.received) + " / " + size(line.sent),
            size(line.read) + " / " + size(line.written),
            std::to_string(line.pids)};
}

}  // namespace

StatsLine stats_line(const Json& sample) {
    StatsLine line;
    line.id = json_value<std::string>(sample, "id", "");
    line.name = json_value<std::string>(sample, "name", "");
    if (line.name.starts_with("/")) line.name.erase(0, 1);
    line.cpu_percent = cpu_percent(sample);
    line.memory = memory_in_use(sample);
    line.memory_limit = number(sample, {"memory_stats", "limit"});
    if (line.memory_limit > 0)
        line.memory_percent = static_cast<double>(line.memory) / static_cast<double>(line.memory_limit) * 100;
    const Json networks = json_value<Json>(sample, "networks", Json::object());  // items() keeps no temporary alive
    for (const auto& [name, network] : networks.items()) {
        line.received += number(network, {"rx_bytes"});
        line.sent += number(network, {"tx_bytes"});
    }
    const Json block = json_value<Json>(sample, "blkio_stats", Json::object());
    for (const auto& entry : json_value<std::vector<Json>>(block, "io_service_bytes_recursive", {})) {
        const auto operation = json_value<std::string>(entry, "op", "");
        if (operation == "read" || operation == "Read") line.read += number(entry, {"value"});
        if (operation == "write" || operation == "Write") line.written += number(entry, {"value"});
    }
    line.pids = number(sample, {"pids_stats", "current"});
    return line;
}

const Row stats_titles = {"CONTAINER ID", "NAME",    "CPU %",     "MEM USAGE / LIMIT",
                          "MEM %",        "NET I/O", "BLOCK I/O", "PIDS"};

Row stats_row(const StatsLine& line, bool whole_id) {
    const Texts it = texts(line, whole_id);
    return {it.id, line.name, it.cpu, it.memory, it.memory_percent, it.network, it.block, it.pids};
}

Json stats_object(const StatsLine& line, bool whole_id) {
    const Texts it = texts(line, whole_id);
    return {{"Container", it.id},  {"ID", it.id},           {"Name", line.name},
            {"CPUPerc", it.cpu},   {"MemUsage", it.memory}, {"MemPerc", it.memory_percent},
            {"NetIO", it.network}, {"BlockIO", it.block},   {"PIDs", it.pids}};
}

}  // namespace hoist::cli
