#pragma once
// SPDX-License-Identifier: Apache-2.0
// From callbacks to a coroutine: what is pushed on the engine's thread is taken by one waiting coroutine.

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <optional>

#include "api/exchange.h"
#include "base/error.h"

namespace hoist::api {

template <class Item>
class Queue {
public:
    /// @param most  a reader that falls further behind gets an Error instead of more
    Queue(asio::any_io_executor executor, std::size_t most) : woken_(std::move(executor)), most_(most) {}

    void push(Item item) {
        overflowed_ = overflowed_ || items_.size() >= most_;
        if (!overflowed_) items_.push_back(std::move(item));
        wake();
    }
    /// After what was pushed, next() returns nullopt.
    void finish() {
        finished_ = true;
        wake();
    }

    /// The next item; nullopt after finish() or at `limit`. @throws Error(unavailable) if the reader was too slow
    asio::awaitable<std::optional<Item>> next(
        asio::steady_timer::time_point limit = asio::steady_timer::time_point::max()) {
        while (items_.empty() && !finished_ && !overflowed_) {
            if (std::chrono::steady_clock::now() >= limit) co_return std::nullopt;
            woken_.expires_at(limit);
            boost::system::error_code ignored;
            co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none)
                throw boost::system::system_error(asio::error::operation_aborted);
        }
        if (overflowed_) fail(Kind::unavailable, "the reader was too slow");
        if (items_.empty()) co_return std::nullopt;
        Item item = std::move(items_.front());
        items_.pop_front();
        co_return item;
    }

private:
    void wake() { woken_.cancel(); }

    asio::steady_timer woken_;
    std::deque<Item> items_;
    std::size_t most_;
    bool finished_ = false, overflowed_ = false;
};

}  // namespace hoist::api
