// SPDX-License-Identifier: Apache-2.0
// Commands in running containers.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/container_spec.h"
#include "api/pump.h"
#include "api/router.h"
#include "base/detach_keys.h"
#include "base/error.h"

namespace hoist::api {

using namespace orchestrator;
using namespace asio::experimental::awaitable_operators;

namespace {

asio::awaitable<void> create_exec(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const auto id = engine.resolve(exchange.request.parameter("name"));
    const Json body = co_await exchange.read_json();
    ExecSpec spec;
    spec.command = json_value<std::vector<std::string>>(body, "Cmd", {});
    if (spec.command.empty()) fail(Kind::invalid, "No exec command specified");
    spec.environment = json_value<std::vector<std::string>>(body, "Env", {});
    spec.user = json_value<std::string>(body, "User", "");
    spec.working_dir = json_value<std::string>(body, "WorkingDir", "");
    spec.tty = json_value(body, "Tty", false);
    spec.privileged = json_value(body, "Privileged", false);
    spec.attach_stdin = json_value(body, "AttachStdin", false);
    spec.detach_keys = json_value<std::string>(body, "DetachKeys", "");
    parse_detach_keys(spec.detach_keys);
    spec.terminal = console_size(body);
    if (!std::holds_alternative<Running>(engine.view(id).state))
        fail(Kind::conflict, "container {} is not running", id.str());
    const auto exec = co_await engine.create_exec(id, std::move(spec));
    Json answer = {{"Id", exec.str()}};
    co_await exchange.send_json(201, std::move(answer));
}

/// The daemon's ends of an exec on the event loop.
struct Streams {
    Descriptor in, out, err;

    Streams(const asio::any_io_executor& executor, ExecStreams from, bool tty)
        : in(executor), out(executor), err(executor) {
        if (tty) from.in = from.out.duplicate();
        give(in, from.in);
        give(out, from.out);
        give(err, from.err);
    }
    static void give(Descriptor& to, Fd& from) {
        if (from) to.assign(from.release());
    }
};

/// Ends once the command has ended and its output was passed on. A child that it left behind may hold the output open
/// for ever: it gets a moment.
asio::awaitable<void> wait_until_over(Engine& engine, ExecId id, Streams& streams, FrameWriter& writer, bool tty) {
    const auto pump_both = [&]() -> asio::awaitable<void> {
        if (tty)
            co_await pump_output(streams.out, writer, std::nullopt);
        else
            co_await (pump_output(streams.out, writer, wire::FrameStream::stdout_) &&
                      pump_output(streams.err, writer, wire::FrameStream::stderr_));
    };
    const auto exit_and_moment = [&]() -> asio::awaitable<void> {
        co_await engine.wait_exec(id);
        asio::steady_timer moment(co_await asio::this_coro::executor, std::chrono::seconds(1));
        co_await moment.async_wait(asio::use_awaitable);
    };
    const auto first = co_await (pump_both() || exit_and_moment());
    if (first.index() == 0) co_await engine.wait_exec(id);  // the client asks for the exit code next
}

asio::awaitable<void> start_exec(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const ExecId id(exchange.request.parameter("id"));
    const Json body = co_await exchange.read_json();
    const bool tty = engine.view_exec(id).spec.tty;
    auto opened = co_await engine.start_exec(id, console_size(body));
    if (json_value(body, "Detach", false)) {
        opened.in.reset();
        services.background.spawn(drain_output(std::move(opened.out)));
        services.background.spawn(drain_output(std::move(opened.err)));
        co_await exchange.send_empty(200);
        co_return;
    }
    Streams streams(co_await asio::this_coro::executor, std::move(opened), tty);
    const bool names_frames = !tty && exchange.request.version >= ApiVersion{1, 42};
    auto connection = co_await exchange.hijack(names_frames ? "application/vnd.docker.multiplexed-stream"
                                                            : "application/vnd.docker.raw-stream");
    FrameWriter writer(connection.socket);
    DetachKeys keys(tty ? parse_detach_keys(engine.view_exec(id).spec.detach_keys) : "");
    const auto ended =
        co_await (wait_until_over(engine, id, streams, writer, tty) || pump_input(connection, streams.in, keys));
    if (ended.index() == 0 || std::get<1>(ended) != InputEnd::detached) co_return;
    engine.note_detached(id);
    services.background.spawn(drain_output(Fd(streams.out.release())));  // it must not block on a full terminal
}

asio::awaitable<void> resize_exec(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    const auto rows = query.number("h").value_or(0), columns = query.number("w").value_or(0);
    if (rows < 0 || columns < 0 || rows > 65535 || columns > 65535) fail(Kind::invalid, "invalid terminal size");
    services.engine.resize_exec(ExecId(exchange.request.parameter("id")), static_cast<int>(rows),
                                static_cast<int>(columns));
    co_await exchange.send_empty(200);
}

Json exec_json(const ExecView& view) {
    const auto& command = view.spec.command;
    Json process = {
        {"tty", view.spec.tty},
        {"entrypoint", command.empty() ? "" : command.front()},
        {"arguments", command.empty() ? command : std::vector<std::string>(command.begin() + 1, command.end())},
        {"privileged", view.spec.privileged},
        {"user", view.spec.user}};
    return {{"ID", view.id.str()},
            {"Running", view.running},
            {"ExitCode", view.exit_code ? Json(*view.exit_code) : Json()},
            {"ProcessConfig", std::move(process)},
            {"OpenStdin", view.spec.attach_stdin},
            {"OpenStdout", true},
            {"OpenStderr", true},
            {"CanRemove", false},
            {"ContainerID", view.container.str()},
            {"DetachKeys", view.spec.detach_keys},
            {"Pid", view.pid}};
}

asio::awaitable<void> inspect_exec(Exchange& exchange, Services& services) {
    Json answer = exec_json(services.engine.view_exec(ExecId(exchange.request.parameter("id"))));
    co_await exchange.send_json(200, std::move(answer));
}

}  // namespace

std::vector<Route> exec_routes() {
    return {{"POST", "/containers/{name}/exec", create_exec},
            {"POST", "/exec/{id}/start", start_exec},
            {"POST", "/exec/{id}/resize", resize_exec},
            {"GET", "/exec/{id}/json", inspect_exec}};
}

}  // namespace hoist::api
