// SPDX-License-Identifier: Apache-2.0
#include "registry/slots.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hoist::registry {

Slots::Slot::~Slot() {
    if (!state_) return;
    ++state_->free;
    if (!state_->waiting.empty()) state_->waiting.front()->cancel();
}

asio::awaitable<Slots::Slot> Slots::take() {
    const auto state = state_;
    while (state->free == 0) {
        asio::steady_timer woken(state->executor, asio::steady_timer::time_point::max());
        const auto place = state->waiting.insert(state->waiting.end(), &woken);
        boost::system::error_code ignored;
        co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        state->waiting.erase(place);
        const auto cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none) {
            // The wake-up may have been meant for whoever waits next.
            if (state->free > 0 && !state->waiting.empty()) state->waiting.front()->cancel();
            throw boost::system::system_error(asio::error::operation_aborted);
        }
    }
    --state->free;
    co_return Slot(state);
}

}  // namespace hoist::registry
