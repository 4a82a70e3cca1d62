#pragma once
// SPDX-License-Identifier: Apache-2.0
// How coroutines of the one engine thread wait for each other: a signal, and permits that are given out in order.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <optional>

namespace hoist::orchestrator {

namespace asio = boost::asio;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Something changed: wakes all that wait now. Waiters look at the state themselves and wait again if it does not suit.
class Signal {
public:
    explicit Signal(asio::any_io_executor executor);
    ~Signal();
    Signal(const Signal&) = delete;
    void notify();
    /// Returns at the next notify() or at `deadline`, or when the signal is destroyed.
    /// @return false if the deadline came first
    asio::awaitable<bool> wait(std::optional<SteadyTime> deadline = std::nullopt);

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Lets at most `count` coroutines in at a time, in the order in which they asked. With a count of 1: a mutex.
class Semaphore {
    struct State;

public:
    /// One coroutine's leave to be inside; ends with its scope.
    class Permit {
    public:
        Permit() = default;
        explicit Permit(std::shared_ptr<State> state) : state_(std::move(state)) {}
        Permit(Permit&&) noexcept = default;
        Permit& operator=(Permit other) noexcept {
            std::swap(state_, other.state_);
            return *this;
        }
        ~Permit();
        explicit operator bool() const { return state_ != nullptr; }

    private:
        std::shared_ptr<State> state_;
    };

    Semaphore(asio::any_io_executor executor, int count);
    asio::awaitable<Permit> acquire();

private:
    std::shared_ptr<State> state_;
};

}  // namespace hoist::orchestrator
