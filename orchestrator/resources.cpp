// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/resources.h"

#include "base/error.h"

namespace hoist::orchestrator {
namespace {

constexpr std::int64_t least_memory = 6 << 20;  // Docker's: less does not hold the container's own set-up

template <class T>
void take(std::optional<T>& field, const std::optional<T>& change) {
    if (change) field = change;
}

void check_memory(const ResourceSpec& it) {
    const auto memory = it.memory.value_or(0), swap = it.memory_swap.value_or(0),
               reservation = it.memory_reservation.value_or(0);
    if (memory > 0 && memory < least_memory)
        fail(Kind::invalid, "memory limit {}: the least is 6 MiB ({})", memory, least_memory);
    if (swap > 0 && memory <= 0)
        fail(Kind::invalid, "memory-swap {} is memory and swap together: set a memory limit, too", swap);
    if (swap > 0 && swap < memory)
        fail(Kind::invalid, "memory-swap {} is memory and swap together: it cannot be less than the memory limit {}",
             swap, memory);
    if (reservation > 0 && memory > 0 && reservation > memory)
        fail(Kind::invalid, "memory reservation {} is more than the memory limit {}", reservation, memory);
}

void check_processors(const ResourceSpec& it) {
    if (it.nano_cpus && (it.cpu_quota || it.cpu_period))
        fail(Kind::invalid, "cpus and cpu-quota with cpu-period say the same: use one of them");
    if (it.nano_cpus && *it.nano_cpus < 10'000'000) fail(Kind::invalid, "cpus: the least is 0.01");
    if (it.cpu_shares && (*it.cpu_shares < 2 || *it.cpu_shares > 262144))
        fail(Kind::invalid, "cpu-shares {}: use 2 to 262144", *it.cpu_shares);
    if (it.cpu_period && (*it.cpu_period < 1000 || *it.cpu_period > 1'000'000))
        fail(Kind::invalid, "cpu-period {}: use 1000 to 1000000 microseconds", *it.cpu_period);
    if (it.cpu_quota && *it.cpu_quota > 0 && *it.cpu_quota < 1000)
        fail(Kind::invalid, "cpu-quota {}: the least is 1000 microseconds", *it.cpu_quota);
    if (it.cpuset.find_first_not_of("0123456789,-") != std::string::npos)
        fail(Kind::invalid, "cpuset '{}': write processors as 0-2,4", it.cpuset);
}

}  // namespace

ResourceSpec merged(ResourceSpec base, const ResourceSpec& change) {
    take(base.memory, change.memory);
    take(base.memory_reservation, change.memory_reservation);
    take(base.memory_swap, change.memory_swap);
    if (change.nano_cpus) base.cpu_quota.reset(), base.cpu_period.reset();
    if (change.cpu_quota || change.cpu_period) base.nano_cpus.reset();
    take(base.nano_cpus, change.nano_cpus);
    take(base.cpu_shares, change.cpu_shares);
    take(base.cpu_quota, change.cpu_quota);
    take(base.cpu_period, change.cpu_period);
    take(base.pids_limit, change.pids_limit);
    if (!change.cpuset.empty()) base.cpuset = change.cpuset;
    return base;
}

void check_resources(const ResourceSpec& resources) {
    check_memory(resources);
    check_processors(resources);
}

}  // namespace hoist::orchestrator
