// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/sync.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace hoist::orchestrator {

struct Signal::State {
    explicit State(asio::any_io_executor where) : executor(std::move(where)) {}
    asio::any_io_executor executor;
    struct Waiter {
        asio::steady_timer timer;
        bool notified = false;
    };
    std::list<Waiter> waiters;

    void notify() {
        for (auto& waiter : waiters) {
            waiter.notified = true;
            waiter.timer.cancel();
        }
    }
};

Signal::Signal(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

Signal::~Signal() {
    state_->notify();
}

void Signal::notify() {
    state_->notify();
}

asio::awaitable<bool> Signal::wait(std::optional<SteadyTime> deadline) {
    const auto state = state_;
    state->waiters.push_back({asio::steady_timer(state->executor, deadline.value_or(SteadyTime::max()))});
    struct Leave {
        State& state;
        std::list<State::Waiter>::iterator place;
        ~Leave() { state.waiters.erase(place); }
    } leave{*state, std::prev(state->waiters.end())};
    boost::system::error_code ignored;  // cancelled by notify, or by the coroutine's owner: its next wait throws
    co_await leave.place->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return leave.place->notified;
}

struct Semaphore::State {
    State(asio::any_io_executor where, int count) : executor(std::move(where)), free(count) {}
    asio::any_io_executor executor;
    int free;
    struct Waiter {
        asio::steady_timer timer;
        bool granted = false;
    };
    std::deque<std::shared_ptr<Waiter>> queue;

    void release() {
        if (queue.empty()) {
            ++free;
            return;
        }
        const auto next = queue.front();
        queue.pop_front();
        next->granted = true;
        next->timer.cancel();
    }
};

Semaphore::Semaphore(asio::any_io_executor executor, int count)
    : state_(std::make_shared<State>(std::move(executor), count)) {}

Semaphore::Permit::~Permit() {
    if (state_) state_->release();
}

asio::awaitable<Semaphore::Permit> Semaphore::acquire() {
    const auto state = state_;
    if (state->free > 0) {
        --state->free;
        co_return Permit(state);
    }
    const auto waiter =
        std::make_shared<State::Waiter>(State::Waiter{asio::steady_timer(state->executor, SteadyTime::max())});
    state->queue.push_back(waiter);
    struct Leave {  // also when the coroutine is destroyed while it waits
        State& state;
        State::Waiter& waiter;
        bool taken = false;
        ~Leave() {
            if (taken) return;
            if (waiter.granted)
                state.release();
            else
                std::erase_if(state.queue, [this](const auto& other) { return other.get() == &waiter; });
        }
    } leave{*state, *waiter};
    boost::system::error_code ignored;
    co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (!waiter->granted) throw boost::system::system_error(asio::error::operation_aborted);
    leave.taken = true;
    co_return Permit(state);
}

}  // namespace hoist::orchestrator
