// SPDX-License-Identifier: Apache-2.0
// What containers use, once or every second; nothing is measured while nobody asks.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "api/router.h"
#include "api/stats_json.h"
#include "wire/errors.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

constexpr std::chrono::seconds interval(1);

asio::awaitable<void> pause_for_a_sample() {
    asio::steady_timer timer(co_await asio::this_coro::executor, interval);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> once(Exchange& exchange, Engine& engine, ContainerId id) {
    ContainerUsage before;
    if (!exchange.request.query.flag("one-shot")) {
        before = co_await engine.usage(id);  // rates need two samples
        if (before.running) co_await pause_for_a_sample();
    }
    const auto usage = co_await engine.usage(id);
    co_await exchange.send_json(200, stats_json(engine.view(id), usage, before));
}

/// Until the client hangs up, or the container is removed.
asio::awaitable<void> stream(Exchange& exchange, Engine& engine, ContainerId id) {
    co_await exchange.begin_stream("application/json");
    ContainerUsage before;
    while (engine.find(id.str())) {
        auto usage = co_await engine.usage(id);
        const auto known = engine.find(id.str());
        if (!known) break;
        co_await exchange.write(wire::dump(stats_json(engine.view(*known), usage, before)) + "\n");
        before = std::move(usage);
        co_await pause_for_a_sample();
    }
    co_await exchange.end_stream();
}

asio::awaitable<void> stats(Exchange& exchange, Services& services) {
    const auto id = services.engine.resolve(exchange.request.parameter("name"));
    if (exchange.request.query.flag("stream", true))
        co_await stream(exchange, services.engine, id);
    else
        co_await once(exchange, services.engine, id);
}

}  // namespace

std::vector<Route> stats_routes() {
    return {{"GET", "/containers/{name}/stats", stats, WhenGone::cancel}};
}

}  // namespace hoist::api
