#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a row of probes says about a container's health, and when to look again. Pure: time is an argument.

#include <chrono>

#include "orchestrator/container.h"

namespace hoist::orchestrator {

/// Follows one run of a container from its start.
///
/// Docker's rules, with one improvement. Docker waits a whole interval before the first probe. Here the first probe
/// runs at once, and until the first success probes follow quickly (the warm-up), so that `healthy` is noticed within
/// about 100 ms. The extra probes cannot hurt: failures do not count before the time at which Docker's first counted
/// probe would be due, max(start_period, interval).
class HealthVerdict {
public:
    using Time = std::chrono::steady_clock::time_point;
    HealthVerdict(HealthSpec spec, Time started) : spec_(std::move(spec)), started_(started) {}

    /// Takes one result in. @return whether the status changed
    bool feed(HealthState& state, ProbeResult result, Time at);
    /// How long to wait from now, the end of a probe that took `took`, to the next one.
    std::chrono::nanoseconds delay(const HealthState& state, std::chrono::nanoseconds took, Time at) const;

private:
    bool warming_up(const HealthState& state, Time at) const;
    HealthSpec spec_;
    Time started_;
};

/// Whether there is anything to run: not absent, empty or {"NONE"}.
bool has_test(const HealthSpec& spec);
/// The program and arguments of a check: CMD as it is, CMD-SHELL through /bin/sh -c.
std::vector<std::string> probe_command(const HealthSpec& spec);

}  // namespace hoist::orchestrator
