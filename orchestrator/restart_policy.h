#pragma once
// SPDX-License-Identifier: Apache-2.0
// When a container that ended is started again, and how long that waits. Pure.

#include <chrono>
#include <optional>

#include "orchestrator/container.h"

namespace hoist::orchestrator {

/// What decides about a restart, besides the policy.
struct EndOfRun {
    int exit_code = 0;
    std::chrono::nanoseconds ran{0};
    bool stopped_by_user = false;
    bool was_unhealthy = false;  ///< stopped by us to be started again
};

/// The back-off of one container: 100 ms, doubled at each restart up to a minute, from the start again after a run of
/// ten seconds.
struct BackOff {
    std::chrono::milliseconds next{100};
    std::chrono::milliseconds take(std::chrono::nanoseconds ran);
};

/// Whether the policy wants another start. `restarts`: how many there were since the user's start.
bool wants_restart(const RestartSpec& policy, const EndOfRun& end, int restarts);
/// Whether a container found stopped is started when the daemon starts. (`always` forgets the user's stop, as Docker.)
bool wants_start_with_daemon(const RestartSpec& policy, const State& state, bool stopped_by_user);

}  // namespace hoist::orchestrator
