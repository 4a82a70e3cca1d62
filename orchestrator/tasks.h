#pragma once
// SPDX-License-Identifier: Apache-2.0
// The owner of running coroutines: nothing runs that cannot be cancelled, waited for, and heard of when it fails.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "orchestrator/sync.h"

namespace hoist::orchestrator {

/// What a task began returns, once. The task goes on when nobody waits.
template <class T>
class Result {
public:
    using Value = std::conditional_t<std::is_void_v<T>, bool, T>;
    explicit Result(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

    /// Waits for the end of the task without taking its value or throwing its failure.
    asio::awaitable<void> settled() const {
        const auto state = state_;
        while (!state->done) co_await state->changed.wait();
    }
    /// Waits, and gives its value or throws its failure.
    asio::awaitable<T> get() const {
        const auto state = state_;
        while (!state->done) co_await state->changed.wait();
        if (state->failure) std::rethrow_exception(state->failure);
        if constexpr (!std::is_void_v<T>) co_return std::move(*state->value);
    }
    bool done() const { return state_->done; }

    /// Carries the task out and keeps what it ends with.
    asio::awaitable<void> fill(asio::awaitable<T> work) const {
        const auto state = state_;
        try {
            if constexpr (std::is_void_v<T>)
                co_await std::move(work);
            else
                state->value.emplace(co_await std::move(work));
        } catch (...) {
            state->failure = std::current_exception();
        }
        state->done = true;
        state->changed.notify();
    }

private:
    struct State {
        explicit State(asio::any_io_executor executor) : changed(std::move(executor)) {}
        Signal changed;
        bool done = false;
        std::exception_ptr failure;
        std::optional<Value> value;
    };
    std::shared_ptr<State> state_;
};

class TaskList {
public:
    explicit TaskList(asio::any_io_executor executor);
    ~TaskList();
    TaskList(const TaskList&) = delete;

    /// Runs `work` on its own; a failure is logged after `what`, the object it is about.
    void spawn(asio::awaitable<void> work, std::string what);
    /// Runs `work` on its own and hands out its result, for doing two things at a time.
    template <class T>
    Result<T> begin(asio::awaitable<T> work, std::string what) {
        Result<T> result(executor_);
        spawn(result.fill(std::move(work)), std::move(what));
        return result;
    }
    /// Runs `work` to its end even if the caller is cancelled meanwhile: a client that goes away must not leave half an
    /// operation behind.
    template <class T>
    asio::awaitable<T> run(asio::awaitable<T> work, std::string what) {
        const auto result = begin<T>(std::move(work), std::move(what));
        co_return co_await result.get();
    }
    /// Asks all tasks to end; later ones are refused.
    void cancel();
    bool empty() const;

private:
    struct State;
    asio::any_io_executor executor_;
    std::shared_ptr<State> state_;
};

}  // namespace hoist::orchestrator
