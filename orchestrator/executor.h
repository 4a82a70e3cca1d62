#pragma once
// SPDX-License-Identifier: Apache-2.0
// Carries out a plan. Decides nothing, and knows the engine only as a pair of hands.

#include <boost/asio/awaitable.hpp>
#include <string>

#include "orchestrator/plan.h"
#include "orchestrator/progress.h"

namespace hoist::orchestrator {

/// What the executor acts through; a test's hands only record.
class Hands {
public:
    virtual ~Hands() = default;
    /// Carries out one action and says in a word how it ended ("Created", "Healthy"). Waits (AwaitCondition) end with
    /// operation_aborted when they are cancelled; nothing else is ever cancelled. @throws Error
    virtual asio::awaitable<std::string> perform(const Action& action) = 0;
};

/// Runs each step once all steps it comes after have succeeded, at most `parallel` at a time (waits do not count).
/// After a failure, what depends on the failed step is left out and everything else goes on. An optional wait may
/// fail. When the awaiting coroutine is cancelled (terminal), waits end, no further step begins, and steps that are
/// under way are finished, so that nothing is left half done; then operation_aborted is thrown.
/// @throws Error naming each failed step and which services wait for it
asio::awaitable<void> execute(Plan plan, Hands& hands, ProgressSink progress, int parallel = 32);

}  // namespace hoist::orchestrator
