#pragma once
// SPDX-License-Identifier: Apache-2.0
// One client's connection: reads requests, finds their handlers, turns what they throw into answers.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <memory>

#include "api/router.h"

namespace hoist::api {

struct ConnectionLimits {
    std::chrono::milliseconds head{10'000};   ///< from a head's first byte to its last
    std::chrono::milliseconds idle{300'000};  ///< between requests
};

class Connection {
public:
    Connection(Socket socket, Services services, const std::vector<Route>& routes, ConnectionLimits limits = {});
    ~Connection();

    /// Serves requests until either side ends the connection. Does not throw.
    asio::awaitable<void> run();
    /// Whether no request is being handled; such a connection may be closed to make room for others.
    bool waits_for_request() const;
    /// Ends it from outside: run() returns soon.
    void close();

    asio::cancellation_signal cancelled;  ///< bound to run()'s coroutine by its owner

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hoist::api
