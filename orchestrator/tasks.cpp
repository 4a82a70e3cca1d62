// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/tasks.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <list>

#include "base/error.h"
#include "base/log.h"

namespace hoist::orchestrator {

struct TaskList::State {
    std::list<asio::cancellation_signal> running;
    bool closed = false;
};

namespace {

void report(const std::string& what, const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) spdlog::error("{}: {}", what, error.what());
    } catch (const std::exception& error) {
        spdlog::error("{}: {}", what, error.what());
    }
}

}  // namespace

TaskList::TaskList(asio::any_io_executor executor)
    : executor_(std::move(executor)), state_(std::make_shared<State>()) {}

TaskList::~TaskList() {
    cancel();
}

void TaskList::spawn(asio::awaitable<void> work, std::string what) {
    if (state_->closed) throw boost::system::system_error(asio::error::operation_aborted);
    const auto place = state_->running.emplace(state_->running.end());
    auto finished = [executor = executor_, state = state_, place,
                     what = std::move(what)](const std::exception_ptr& failure) {
        // What cancel() emitted may still lie in the executor's queue, with a plain pointer into the signal: it is
        // destroyed behind it.
        std::list<asio::cancellation_signal> spent;
        spent.splice(spent.end(), state->running, place);
        if (state->closed) asio::post(executor, [spent = std::move(spent)] {});
        if (failure) report(what, failure);
    };
    asio::co_spawn(executor_, std::move(work), asio::bind_cancellation_slot(place->slot(), std::move(finished)));
}

void TaskList::cancel() {
    state_->closed = true;
    // Emitting may end a task, which takes itself off the list.
    for (auto it = state_->running.begin(); it != state_->running.end();)
        (it++)->emit(asio::cancellation_type::terminal);
}

bool TaskList::empty() const {
    return state_->running.empty();
}

}  // namespace hoist::orchestrator
