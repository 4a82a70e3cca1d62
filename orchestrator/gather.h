#pragma once
// SPDX-License-Identifier: Apache-2.0
// Several coroutines at once, waited for together.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <vector>

namespace hoist::orchestrator {

struct BackgroundTask {
    boost::asio::awaitable<void> work;
    std::shared_ptr<boost::asio::cancellation_signal> cancel;  ///< ends this one alone
};

/// Runs all of them and returns when the last has ended. Cancelling the caller cancels each; it still waits for them.
/// The tasks report their own failures: what they throw is dropped.
boost::asio::awaitable<void> gather(std::vector<BackgroundTask> tasks);

}  // namespace hoist::orchestrator
