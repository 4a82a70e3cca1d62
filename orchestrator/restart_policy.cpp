// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/restart_policy.h"

#include <algorithm>

namespace hoist::orchestrator {
namespace {
constexpr std::chrono::milliseconds shortest{100};
constexpr std::chrono::milliseconds longest{60'000};
constexpr std::chrono::seconds good_run{10};
}  // namespace

std::chrono::milliseconds BackOff::take(std::chrono::nanoseconds ran) {
    if (ran >= good_run) next = shortest;
    const auto delay = next;
    next = std::min(next * 2, longest);
    return delay;
}

bool wants_restart(const RestartSpec& policy, const EndOfRun& end, int restarts) {
    if (end.stopped_by_user) return false;
    switch (policy.name) {
        case RestartSpec::Name::no:
            return false;
        case RestartSpec::Name::always:
        case RestartSpec::Name::unless_stopped:
            return true;
        case RestartSpec::Name::on_failure:
            if (end.exit_code == 0 && !end.was_unhealthy) return false;
            return policy.max_retries == 0 || restarts < policy.max_retries;
    }
    return false;
}

bool wants_start_with_daemon(const RestartSpec& policy, const State& state, bool stopped_by_user) {
    if (std::holds_alternative<Restarting>(state)) return true;
    if (!std::holds_alternative<Exited>(state)) return false;
    if (policy.name == RestartSpec::Name::always) return true;
    return policy.name == RestartSpec::Name::unless_stopped && !stopped_by_user;
}

}  // namespace hoist::orchestrator
