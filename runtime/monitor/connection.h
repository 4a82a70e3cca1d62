#pragma once
// SPDX-License-Identifier: Apache-2.0
// One daemon's connection, from the monitor's side.

#include <deque>
#include <functional>

#include "runtime/monitor/loop.h"
#include "runtime/monitor_protocol.h"

namespace hoist::runtime {

/// Sends without ever blocking. While messages wait for a slow daemon, its requests wait too, so what is kept for it is
/// bounded by the answers of one request and the events of what runs.
class Connection {
public:
    struct Handlers {
        std::function<void(Connection&, Message)> message;
        std::function<void(Connection&)> closed;  ///< may destroy the connection
    };

    Connection(Loop& loop, Fd socket, Handlers handlers);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// @return false if the daemon is gone
    bool send(const Json& body, const std::vector<int>& fds = {});

private:
    struct Waiting {
        Json body;
        std::vector<Fd> fds;
    };
    void on_ready(std::uint32_t events);
    bool receive();
    bool send_waiting();

    Loop& loop_;
    Fd socket_;
    Handlers handlers_;
    std::deque<Waiting> waiting_;
};

}  // namespace hoist::runtime
