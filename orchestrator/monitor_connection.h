#pragma once
// SPDX-License-Identifier: Apache-2.0
// The daemon's side of one monitor's socket: requests with their answers, and events. @see runtime/monitor_protocol.h

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>

#include "orchestrator/sync.h"
#include "runtime/monitor_protocol.h"

namespace hoist::orchestrator {

class MonitorConnection : public std::enable_shared_from_this<MonitorConnection> {
public:
    MonitorConnection(asio::any_io_executor executor, Fd socket);
    ~MonitorConnection();

    /// Called for each message without a number, hello included.
    std::function<void(runtime::Message)> on_event;
    /// Called once if the monitor hangs up; not after close().
    std::function<void()> on_closed;

    /// Reads until the monitor hangs up or close(); run it as a task.
    asio::awaitable<void> read_all();
    /// Asks, and waits for the answer. Several may be under way.
    /// @throws Error of the monitor's kind and words; Error(unavailable) if it is gone; Error(timeout) after `limit`
    asio::awaitable<runtime::Message> request(Json body, std::vector<int> fds = {},
                                              std::chrono::milliseconds limit = std::chrono::minutes(2));
    void close();
    bool open() const { return !closed_; }
    /// The monitor's process, as the kernel tells it.
    pid_t peer() const;

private:
    struct Pending {
        explicit Pending(asio::any_io_executor executor) : answered(std::move(executor)) {}
        Signal answered;
        std::optional<runtime::Message> answer;
    };
    asio::awaitable<void> send(Json body, std::vector<int> fds);
    void take(runtime::Message message);
    void fail_pending();
    [[noreturn]] void fail_gone() const;

    asio::any_io_executor executor_;
    Fd socket_;
    asio::posix::stream_descriptor ready_;
    bool closed_ = false;
    std::string failure_;  ///< why the monitor could not begin
    std::uint64_t last_number_ = 0;
    std::map<std::uint64_t, std::shared_ptr<Pending>> pending_;
    Semaphore writing_;
};

}  // namespace hoist::orchestrator
