// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/health_verdict.h"

#include <algorithm>

#include "base/text.h"

namespace hoist::orchestrator {
namespace {
constexpr std::size_t kept_results = 5;
constexpr std::chrono::milliseconds quickest{50};
}  // namespace

bool HealthVerdict::warming_up(const HealthState& state, Time at) const {
    return state.status == Health::starting && at - started_ < std::max(spec_.start_period, spec_.interval);
}

bool HealthVerdict::feed(HealthState& state, ProbeResult result, Time at) {
    const auto before = state.status;
    if (result.exit_code == 0) {
        state.failing_streak = 0;
        state.status = Health::healthy;
    } else if (!warming_up(state, at)) {
        ++state.failing_streak;
        if (state.failing_streak >= std::max(spec_.retries, 1)) state.status = Health::unhealthy;
    }
    state.log.push_back(std::move(result));
    if (state.log.size() > kept_results) state.log.erase(state.log.begin());
    return state.status != before;
}

std::chrono::nanoseconds HealthVerdict::delay(const HealthState& state, std::chrono::nanoseconds took, Time at) const {
    if (!warming_up(state, at)) return spec_.interval;
    // A twentieth of the time waited so far: within 100 ms for the first two seconds, and ever cheaper after. A slow
    // probe may use half a core, no more.
    const auto fitting = std::max<std::chrono::nanoseconds>({quickest, (at - started_) / 20, took});
    return std::min(fitting, std::min(spec_.interval, std::max<Nanoseconds>(spec_.start_interval, quickest)));
}

bool has_test(const HealthSpec& spec) {
    return !spec.test.empty() && spec.test.front() != "NONE";
}

std::vector<std::string> probe_command(const HealthSpec& spec) {
    if (spec.test.front() == "CMD") return {spec.test.begin() + 1, spec.test.end()};
    if (spec.test.front() != "CMD-SHELL") return spec.test;
    return {"/bin/sh", "-c", join({spec.test.begin() + 1, spec.test.end()}, " ")};
}

}  // namespace hoist::orchestrator
