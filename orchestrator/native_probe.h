#pragma once
// SPDX-License-Identifier: Apache-2.0
// Probes that the daemon makes itself: a connection out of the container's network namespace, a look at its log or at a
// file. No process is started.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "compose/lifecycle.h"
#include "orchestrator/container.h"

namespace hoist::orchestrator {

/// Where a probe is made.
struct ProbeGround {
    std::shared_ptr<Fd> netns;  ///< null: the host's
    int pid = 0;                ///< of the container's process 1
    ContainerView container;
    bool seen_before = false;  ///< what a log once said, it has said
};
struct ProbeAnswer {
    bool good = false;
    std::string text;  ///< what was found, or what is wrong
};

/// Makes one probe, within `limit`. @throws Error for what could not even be tried
boost::asio::awaitable<ProbeAnswer> run_native_probe(compose::Probe probe, ProbeGround ground,
                                                     boost::asio::thread_pool& workers, Nanoseconds limit);

// ---- pure parts ----

/// What is sent once the connection stands; empty: nothing, the server speaks first (or the connection is all).
std::string probe_request(const compose::Probe& probe);
/// Judges what has come so far. nullopt: more is needed. `ended`: nothing more will come.
std::optional<ProbeAnswer> judge_probe(const compose::Probe& probe, std::string_view received, bool ended);

}  // namespace hoist::orchestrator
