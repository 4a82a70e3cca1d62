// SPDX-License-Identifier: Apache-2.0
// What is done to a container that exists.
#include <csignal>

#include "api/router.h"
#include "base/error.h"
#include "base/text.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

ContainerId container_of(const Exchange& exchange, const Services& services) {
    return services.engine.resolve(exchange.request.parameter("name"));
}

bool is_running(const Engine& engine, const ContainerId& id) {
    return std::holds_alternative<Running>(engine.view(id).state);
}

/// The time to stop in; -1 waits for ever.
std::optional<std::chrono::seconds> grace_of(const Request& request) {
    const auto seconds = request.query.number("t");
    if (!seconds) return std::nullopt;
    return *seconds < 0 ? std::chrono::seconds(std::chrono::hours(24 * 365)) : std::chrono::seconds(*seconds);
}

asio::awaitable<void> start(Exchange& exchange, Services& services) {
    const auto id = container_of(exchange, services);
    if (std::string_view(status_word(services.engine.view(id).state)) == "running") {
        co_await exchange.send_empty(304);
        co_return;
    }
    co_await services.engine.start(id);
    co_await exchange.send_empty(204);
}

asio::awaitable<void> stop(Exchange& exchange, Services& services) {
    const auto id = container_of(exchange, services);
    const auto state = services.engine.view(id).state;
    if (!std::holds_alternative<Running>(state) && !std::holds_alternative<Restarting>(state)) {
        co_await exchange.send_empty(304);
        co_return;
    }
    co_await services.engine.stop(id, grace_of(exchange.request));
    co_await exchange.send_empty(204);
}

asio::awaitable<void> restart(Exchange& exchange, Services& services) {
    co_await services.engine.restart(container_of(exchange, services), grace_of(exchange.request));
    co_await exchange.send_empty(204);
}

asio::awaitable<void> kill(Exchange& exchange, Services& services) {
    const auto id = container_of(exchange, services);
    const auto name = exchange.request.query.get("signal", "KILL");
    const int signal = parse_signal(name);
    if (signal == 0) fail(Kind::invalid, "invalid signal: {}", name);
    if (!is_running(services.engine, id))
        fail(Kind::conflict, "cannot kill container: {}: container {} is not running",
             exchange.request.parameter("name"), id.str());
    co_await services.engine.kill(id, signal);
    co_await exchange.send_empty(204);
}

WaitFor wait_condition(const std::string& text) {
    if (text.empty() || text == "not-running") return WaitFor::not_running;
    if (text == "next-exit") return WaitFor::next_exit;
    if (text == "removed") return WaitFor::removed;
    fail(Kind::invalid, "invalid condition: \"{}\"", text);
}

/// The header goes out at once: `docker run` starts the container only after it has come.
asio::awaitable<void> wait(Exchange& exchange, Services& services) {
    const auto id = container_of(exchange, services);
    const auto condition = wait_condition(exchange.request.query.get("condition"));
    co_await exchange.begin_stream("application/json");
    const Exit exit = co_await services.engine.wait(id, condition);
    Json answer = {{"StatusCode", exit.code}};
    if (!exit.error.empty()) answer["Error"] = {{"Message", exit.error}};
    co_await exchange.write(answer.dump() + "\n");
    co_await exchange.end_stream();
}

asio::awaitable<void> rename(Exchange& exchange, Services& services) {
    const auto name = exchange.request.query.get("name");
    if (name.empty()) fail(Kind::invalid, "neither old nor new names may be empty");
    co_await services.engine.rename(container_of(exchange, services), name);
    co_await exchange.send_empty(204);
}

asio::awaitable<void> pause(Exchange& exchange, Services& services) {
    co_await services.engine.set_paused(container_of(exchange, services), true);
    co_await exchange.send_empty(204);
}

asio::awaitable<void> unpause(Exchange& exchange, Services& services) {
    co_await services.engine.set_paused(container_of(exchange, services), false);
    co_await exchange.send_empty(204);
}

asio::awaitable<void> remove(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    co_await services.engine.remove(container_of(exchange, services), query.flag("force"), query.flag("v"));
    co_await exchange.send_empty(204);
}

}  // namespace

std::vector<Route> container_action_routes() {
    return {{"POST", "/containers/{name}/start", start},
            {"POST", "/containers/{name}/stop", stop},
            {"POST", "/containers/{name}/restart", restart},
            {"POST", "/containers/{name}/kill", kill},
            {"POST", "/containers/{name}/wait", wait, WhenGone::cancel},
            {"POST", "/containers/{name}/rename", rename},
            {"POST", "/containers/{name}/pause", pause},
            {"POST", "/containers/{name}/unpause", unpause},
            {"DELETE", "/containers/{name}", remove}};
}

}  // namespace hoist::api
