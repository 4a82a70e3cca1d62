// SPDX-License-Identifier: Apache-2.0
// Attach: output from now on, over a connection that has left HTTP.
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "api/log_stream.h"
#include "api/pump.h"
#include "api/router.h"
#include "base/error.h"

namespace hoist::api {

using namespace asio::experimental::awaitable_operators;

namespace {

LogStreamOptions options_of(const wire::Query& query, bool tty, bool running) {
    LogStreamOptions options;
    options.query.want_stdout = query.flag("stdout");
    options.query.want_stderr = query.flag("stderr");
    if (!query.flag("logs")) options.query.tail = 0;
    options.follow = query.flag("stream");
    options.wait_for_start = !running;  // `docker run` and `start -a` attach first and start then
    options.framing = tty ? LogFraming::raw : LogFraming::frames;
    return options;
}

asio::awaitable<void> send_output(LogStream& log, Socket& socket) {
    FrameWriter writer(socket);
    for (;;) {
        auto bytes = co_await log.next();
        if (bytes.empty()) break;
        co_await writer.write(std::move(bytes));
    }
}

asio::awaitable<void> attach(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const auto id = engine.resolve(exchange.request.parameter("name"));
    const auto view = engine.view(id);
    const bool running = std::holds_alternative<orchestrator::Running>(view.state);
    const auto options = options_of(exchange.request.query, view.spec.tty, running);
    const auto executor = co_await asio::this_coro::executor;
    LogStream log(engine, id, options, executor);
    const bool names_frames = !view.spec.tty && exchange.request.version >= ApiVersion{1, 42};
    auto connection = co_await exchange.hijack(names_frames ? "application/vnd.docker.multiplexed-stream"
                                                            : "application/vnd.docker.raw-stream");
    Descriptor nowhere(executor);
    co_await (send_output(log, connection.socket) || pump_input(connection, nowhere));
}

/// The size of a container's own terminal; clients send it right after the start and ignore the answer.
asio::awaitable<void> resize(Exchange& exchange, Services& services) {
    services.engine.resolve(exchange.request.parameter("name"));
    co_await exchange.send_empty(200);
}

}  // namespace

std::vector<Route> attach_routes() {
    return {{"POST", "/containers/{name}/attach", attach}, {"POST", "/containers/{name}/resize", resize}};
}

}  // namespace hoist::api
