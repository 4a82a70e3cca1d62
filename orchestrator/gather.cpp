// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/gather.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hoist::orchestrator {
namespace asio = boost::asio;

asio::awaitable<void> gather(std::vector<BackgroundTask> tasks) {
    const auto executor = co_await asio::this_coro::executor;
    // Shared with the tasks, so that a caller that is destroyed (and not cancelled) leaves nothing dangling.
    struct Shared {
        std::size_t open;
        asio::steady_timer ended;
    };
    auto shared = std::make_shared<Shared>(
        Shared{tasks.size(), asio::steady_timer(executor, std::chrono::steady_clock::time_point::max())});
    co_await asio::this_coro::throw_if_cancelled(false);
    for (auto& task : tasks)
        asio::co_spawn(executor, std::move(task.work),
                       asio::bind_cancellation_slot(task.cancel->slot(), [shared](std::exception_ptr) {
                           if (--shared->open == 0) shared->ended.cancel();
                       }));
    while (shared->open > 0) {
        boost::system::error_code ignored;
        co_await shared->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() == asio::cancellation_type::none) continue;
        for (auto& task : tasks) task.cancel->emit(asio::cancellation_type::terminal);
    }
    co_await asio::this_coro::throw_if_cancelled(true);
}

}  // namespace hoist::orchestrator
