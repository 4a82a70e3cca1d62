// SPDX-License-Identifier: Apache-2.0
// Attach: the connection leaves HTTP and is given to the container's monitor, which serves it without the daemon.
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "api/log_stream.h"
#include "api/router.h"
#include "base/detach_keys.h"
#include "base/error.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

/// What was written so far, for logs=1.
asio::awaitable<std::string> past_output(orchestrator::Engine& engine, ContainerId id, const wire::Query& query,
                                         bool tty) {
    LogStreamOptions options;
    options.query.want_stdout = query.flag("stdout");
    options.query.want_stderr = query.flag("stderr");
    options.framing = tty ? LogFraming::raw : LogFraming::frames;
    LogStream log(engine, std::move(id), options, co_await asio::this_coro::executor);
    std::string all;
    for (;;) {
        const auto bytes = co_await log.next();
        if (bytes.empty()) break;
        all += bytes;
    }
    co_return all;
}

asio::awaitable<void> attach(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const auto& query = exchange.request.query;
    const auto id = engine.resolve(exchange.request.parameter("name"));
    const auto view = engine.view(id);
    const auto& spec = view.spec;
    const AttachSpec what{.input = query.flag("stdin") && spec.open_stdin,
                          .out = query.flag("stdout"),
                          .err = query.flag("stderr"),
                          .detach_keys = parse_detach_keys(query.get("detachKeys"))};
    // Said while there is still an answer to put it in.
    if (std::string_view(status_word(view.state)) == "paused")
        fail(Kind::conflict, "container {} is paused: unpause it before attach", view.name);
    const bool names_frames = !spec.tty && exchange.request.version >= ApiVersion{1, 42};
    const char* type = names_frames ? "application/vnd.docker.multiplexed-stream" : "application/vnd.docker.raw-stream";
    std::string past;
    if (query.flag("logs")) past = co_await past_output(engine, id, query, spec.tty);
    if (!query.flag("stream")) {
        auto connection = co_await exchange.hijack(type);
        co_await asio::async_write(connection.socket, asio::buffer(past), asio::use_awaitable);
        co_return;
    }
    Fd client = co_await exchange.hand_over(type);
    Socket socket(co_await asio::this_coro::executor, asio::local::stream_protocol(), client.release());
    co_await asio::async_write(socket, asio::buffer(past), asio::use_awaitable);
    co_await engine.attach(id, Fd(socket.release()), what);
}

asio::awaitable<void> resize(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    const auto rows = query.number("h").value_or(0), columns = query.number("w").value_or(0);
    if (rows < 0 || columns < 0 || rows > 65535 || columns > 65535) fail(Kind::invalid, "invalid terminal size");
    const auto id = services.engine.resolve(exchange.request.parameter("name"));
    co_await services.engine.resize(id, static_cast<int>(rows), static_cast<int>(columns));
    co_await exchange.send_empty(200);
}

}  // namespace

std::vector<Route> attach_routes() {
    return {{"POST", "/containers/{name}/attach", attach}, {"POST", "/containers/{name}/resize", resize}};
}

}  // namespace hoist::api
