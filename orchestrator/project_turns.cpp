// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/project_turns.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hoist::orchestrator {
namespace asio = boost::asio;

/// A place in the line. Whoever ends an operation takes the first from the list and leaves the project busy for it.
struct ProjectTurns::Place {
    Place(Queue& queue, const asio::any_io_executor& executor)
        : line(queue.waiting), called(executor, std::chrono::steady_clock::time_point::max()) {
        line.push_back(&called);
    }
    Place(const Place&) = delete;
    ~Place() { line.remove(&called); }
    bool is_in_line() const { return std::find(line.begin(), line.end(), &called) != line.end(); }

    std::list<asio::steady_timer*>& line;
    asio::steady_timer called;
};

asio::awaitable<ProjectTurns::Turn> ProjectTurns::take(std::string project, ProgressSink progress,
                                                       std::shared_ptr<asio::cancellation_signal> yields) {
    auto& slot = queues_[project];
    if (!slot) slot = std::make_shared<Queue>();
    const auto queue = slot;
    if (queue->busy) {
        if (progress) progress({Progress::Phase::waiting, "project", project, "Another operation is under way", 0});
        if (queue->yields) queue->yields->emit(asio::cancellation_type::terminal);
        const auto executor = co_await asio::this_coro::executor;
        Place place(*queue, executor);
        boost::system::error_code ignored;
        co_await place.called.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (place.is_in_line()) throw boost::system::system_error(asio::error::operation_aborted);
    }
    queue->busy = true;
    queue->yields = yields;
    // Those that came meanwhile could not ask for way.
    if (yields && !queue->waiting.empty()) yields->emit(asio::cancellation_type::terminal);
    co_return Turn(queue);
}

ProjectTurns::Turn::~Turn() {
    if (!queue_) return;
    queue_->yields = nullptr;
    if (queue_->waiting.empty()) {
        queue_->busy = false;
        return;
    }
    auto* next = queue_->waiting.front();
    queue_->waiting.pop_front();
    next->cancel();
}

}  // namespace hoist::orchestrator
