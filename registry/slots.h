#pragma once
// SPDX-License-Identifier: Apache-2.0
// Lets at most so many coroutines in at a time, in the order in which they asked.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>

namespace hoist::registry {

namespace asio = boost::asio;

class Slots {
    struct State {
        State(asio::any_io_executor on, int count) : executor(std::move(on)), free(count) {}
        asio::any_io_executor executor;
        int free;
        std::list<asio::steady_timer*> waiting;
    };

public:
    /// One coroutine's leave to be inside; ends with its scope.
    class Slot {
    public:
        Slot() = default;
        explicit Slot(std::shared_ptr<State> state) : state_(std::move(state)) {}
        Slot(Slot&&) noexcept = default;
        Slot& operator=(Slot other) noexcept {
            std::swap(state_, other.state_);
            return *this;
        }
        ~Slot();

    private:
        std::shared_ptr<State> state_;
    };

    Slots(asio::any_io_executor executor, int count) : state_(std::make_shared<State>(std::move(executor), count)) {}
    asio::awaitable<Slot> take();
    bool idle(int count) const { return state_->free == count && state_->waiting.empty(); }

private:
    std::shared_ptr<State> state_;
};

}  // namespace hoist::registry
