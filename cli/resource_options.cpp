// SPDX-License-Identifier: Apache-2.0
#include "cli/resource_options.h"

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

namespace hoist::cli {
namespace {

std::int64_t size_of(const std::string& option, const std::string& text) {
    if (text == "-1") return -1;
    const auto size = parse_bytes(text);
    if (!size) throw UsageError(fmt::format("--{}: '{}' is no size", option, escape_for_terminal(text)));
    return size->count;
}

std::int64_t nano_cpus(const std::string& text) {
    char* end = nullptr;
    const double count = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(count > 0) || count > 100000)
        throw UsageError(fmt::format("--cpus: '{}' is no number of processors", escape_for_terminal(text)));
    return static_cast<std::int64_t>(count * 1e9 + 0.5);
}

}  // namespace

Options resource_options() {
    return {{"-m, --memory", "SIZE", "memory limit"},
            {"--memory-swap", "SIZE", "limit of memory and swap together; -1: no limit of swap"},
            {"--memory-reservation", "SIZE", "memory that is left to it when others want it"},
            {"--cpus", "N", "processors"},
            {"-c, --cpu-shares", "N", "weight against other containers; 1024 is usual"},
            {"--cpu-period", "MICROSECONDS", "with --cpu-quota: --cpus in other words"},
            {"--cpu-quota", "MICROSECONDS", "processor time in each period"},
            {"--cpuset-cpus", "LIST", "only on these processors: 0-2,4"},
            {"--pids-limit", "N", "processes and threads; -1: no limit"}};
}

void add_resources(const Arguments& arguments, Json& to) {
    const std::pair<const char*, const char*> sizes[] = {
        {"memory", "Memory"}, {"memory-swap", "MemorySwap"}, {"memory-reservation", "MemoryReservation"}};
    for (const auto& [option, key] : sizes)
        if (arguments.has(option)) to[key] = size_of(option, arguments.get(option));
    const std::pair<const char*, const char*> numbers[] = {{"cpu-shares", "CpuShares"},
                                                           {"cpu-period", "CpuPeriod"},
                                                           {"cpu-quota", "CpuQuota"},
                                                           {"pids-limit", "PidsLimit"}};
    for (const auto& [option, key] : numbers)
        if (const auto number = arguments.number(option)) to[key] = *number;
    if (arguments.has("cpus")) to["NanoCpus"] = nano_cpus(arguments.get("cpus"));
    if (arguments.has("cpuset-cpus")) to["CpusetCpus"] = arguments.get("cpuset-cpus");
}

Json restart_policy(const std::string& text) {
    const auto colon = text.find(':');
    return {{"Name", text.substr(0, colon)},
            {"MaximumRetryCount", colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1)}};
}

}  // namespace hoist::cli
