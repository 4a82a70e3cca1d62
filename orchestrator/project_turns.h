#pragma once
// SPDX-License-Identifier: Apache-2.0
// One operation per project at a time, in the order in which they were asked for.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "orchestrator/progress.h"

namespace hoist::orchestrator {

class ProjectTurns {
    struct Queue {
        bool busy = false;
        std::list<boost::asio::steady_timer*> waiting;
        std::shared_ptr<boost::asio::cancellation_signal> yields;  ///< ends an operation that makes way
    };

public:
    /// Holds the project until it goes out of scope.
    class Turn {
    public:
        Turn() = default;
        explicit Turn(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}
        Turn(Turn&&) noexcept = default;
        Turn& operator=(Turn&&) = delete;
        ~Turn();

    private:
        std::shared_ptr<Queue> queue_;
    };

    /// Waits until no other operation on the project is under way. One that was begun with a signal is cancelled.
    /// @param yields  lets later operations cancel this one; null: they wait
    boost::asio::awaitable<Turn> take(std::string project, ProgressSink progress,
                                      std::shared_ptr<boost::asio::cancellation_signal> yields = nullptr);

private:
    struct Place;
    std::map<std::string, std::shared_ptr<Queue>> queues_;
};

}  // namespace hoist::orchestrator
