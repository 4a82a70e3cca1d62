#pragma once
// SPDX-License-Identifier: Apache-2.0
// Blocking work goes to the worker pool by value and comes back by value.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace hoist::orchestrator {

/// Runs `work` on the pool; the caller resumes on its own executor with the result, or with what was thrown.
template <class Work>
auto on_pool(boost::asio::thread_pool& pool, Work work) -> boost::asio::awaitable<decltype(work())> {
    // Named, and moved into the coroutine's frame: a lambda's captures die before a temporary coroutine runs.
    auto body = [](Work task) -> boost::asio::awaitable<decltype(work())> { co_return task(); };
    co_return co_await boost::asio::co_spawn(pool, body(std::move(work)), boost::asio::use_awaitable);
}

}  // namespace hoist::orchestrator
