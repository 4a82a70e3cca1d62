// SPDX-License-Identifier: Apache-2.0
#include "api/server.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>

#include "api/connection.h"
#include "base/log.h"

namespace hoist::api {
namespace {

using Acceptor = asio::local::stream_protocol::acceptor;
constexpr std::size_t most_connections = 1024;

}  // namespace

struct Server::State : std::enable_shared_from_this<Server::State> {
    State(asio::io_context& loop, orchestrator::Engine& engine, orchestrator::Projects& projects, Fd socket)
        : context(loop),
          background(loop),
          services{engine, projects, background},
          acceptor(loop, asio::local::stream_protocol(), socket.release()) {}

    asio::io_context& context;
    Background background;
    Services services;
    Acceptor acceptor;
    asio::cancellation_signal accepting;
    std::list<Connection> connections;

    asio::awaitable<void> accept() {
        for (;;) {
            boost::system::error_code problem;
            Socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, problem));
            if (!acceptor.is_open() || problem == asio::error::operation_aborted) co_return;
            if (problem) {
                // Out of descriptors or memory: the clients wait in the queue meanwhile.
                spdlog::warn("accept: {}", problem.message());
                make_room();
                asio::steady_timer pause(context, std::chrono::milliseconds(50));
                co_await pause.async_wait(asio::use_awaitable);
                continue;
            }
            if (connections.size() >= most_connections && !make_room()) continue;  // closes the new one
            add(std::move(socket));
        }
    }

    /// Closes the connection that has waited longest for a request. @return whether there was one
    bool make_room() {
        for (auto& connection : connections) {
            if (!connection.waits_for_request()) continue;
            connection.close();
            return true;
        }
        return false;
    }

    void add(Socket socket) {
        const auto entry = connections.emplace(connections.end(), std::move(socket), services, all_routes());
        asio::co_spawn(context, entry->run(),
                       asio::bind_cancellation_slot(
                           entry->cancelled.slot(),
                           [self = shared_from_this(), entry](std::exception_ptr) { self->connections.erase(entry); }));
    }
};

Server::Server(asio::io_context& context, orchestrator::Engine& engine, orchestrator::Projects& projects, Fd socket)
    : state_(std::make_shared<State>(context, engine, projects, std::move(socket))) {
    asio::co_spawn(context, state_->accept(),
                   asio::bind_cancellation_slot(state_->accepting.slot(), [self = state_](std::exception_ptr) {}));
}

Server::~Server() {
    close();
}

void Server::close() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    state_->background.cancel();
    // Ending one may complete at once and leave the list: take the next first.
    for (auto it = state_->connections.begin(); it != state_->connections.end();) (it++)->close();
}

}  // namespace hoist::api
