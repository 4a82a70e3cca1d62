#pragma once
// SPDX-License-Identifier: Apache-2.0
// The HTTP server on the unix socket: Docker's Engine API for what exists, and our own /hoist/v1 for projects.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "base/fd.h"
#include "orchestrator/engine.h"
#include "orchestrator/projects.h"

namespace hoist::api {

/// Makes the socket at `path`: mode 0660, group `hoist` if there is one, never wider even for a moment. (SEC-39)
/// @throws Error(conflict) if a daemon answers there already
Fd listen_on(const std::string& path);

class Server {
public:
    Server(boost::asio::io_context& context, orchestrator::Engine& engine, orchestrator::Projects& projects, Fd socket);
    ~Server();
    /// Stops accepting and ends open connections.
    void close();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace hoist::api
