// SPDX-License-Identifier: Apache-2.0
// What Docker's swarm and plugin endpoints answer on an engine that has neither.
#include "api/router.h"
#include "base/error.h"
#include "wire/errors.h"

namespace hoist::api {
namespace {

asio::awaitable<void> not_a_manager(Exchange&, Services&) {
    fail(Kind::unavailable,
         "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to "
         "swarm and try again.");
    co_return;
}

asio::awaitable<void> no_swarm(Exchange& exchange, Services&) {
    co_await exchange.send_json(
        501,
        wire::error_body(Kind::invalid, "hoist runs containers on one host: there is no swarm to make or to join"));
}

asio::awaitable<void> not_in_a_swarm(Exchange&, Services&) {
    fail(Kind::unavailable, "This node is not part of a swarm");
    co_return;
}

asio::awaitable<void> no_such_plugin(Exchange& exchange, Services&) {
    fail(Kind::not_found, "plugin \"{}\" not found", exchange.request.parameter("name"));
    co_return;
}

asio::awaitable<void> no_plugins_here(Exchange& exchange, Services&) {
    co_await exchange.send_json(501, wire::error_body(Kind::invalid, "hoist has no plugins"));
}

}  // namespace

std::vector<Route> swarm_routes() {
    std::vector<Route> routes = {{"POST", "/swarm/init", no_swarm},
                                 {"POST", "/swarm/join", no_swarm},
                                 {"POST", "/swarm/leave", not_in_a_swarm},
                                 {"POST", "/plugins/pull", no_plugins_here},
                                 {"POST", "/plugins/create", no_plugins_here},
                                 {"GET", "/plugins/privileges", no_plugins_here},
                                 {"GET", "/plugins/{name...}/json", no_such_plugin},
                                 {"DELETE", "/plugins/{name...}", no_such_plugin}};
    for (const char* pattern : {"/plugins/{name...}/enable", "/plugins/{name...}/disable", "/plugins/{name...}/push",
                                "/plugins/{name...}/set", "/plugins/{name...}/upgrade"})
        routes.push_back({"POST", pattern, no_such_plugin});
    for (const char* pattern :
         {"/swarm", "/swarm/{rest...}", "/nodes", "/nodes/{rest...}", "/services", "/services/{rest...}", "/tasks",
          "/tasks/{rest...}"})
        for (const char* method : {"GET", "POST", "DELETE"}) routes.push_back({method, pattern, not_a_manager});
    return routes;
}

}  // namespace hoist::api
