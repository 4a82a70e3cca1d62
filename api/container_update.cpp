// SPDX-License-Identifier: Apache-2.0
// Limits and restart policy of a container that exists.
#include "api/container_spec.h"
#include "api/router.h"
#include "base/error.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

bool names_policy(const Json& body) {
    const auto policy = body.find("RestartPolicy");
    return policy != body.end() && policy->is_object() && !json_value<std::string>(*policy, "Name", "").empty();
}

asio::awaitable<void> update(Exchange& exchange, Services& services) {
    const auto id = services.engine.resolve(exchange.request.parameter("name"));
    const Json body = co_await exchange.read_json();
    ContainerUpdate change{.resources = resources_from_docker(body), .restart = {}};
    // Given at creation only: told instead of left out.
    if (change.resources.oom_score_adj || !change.resources.ulimits.empty())
        fail(Kind::invalid, "OomScoreAdj and Ulimits cannot be changed: make the container anew");
    if (names_policy(body)) change.restart = restart_from_docker(body);
    co_await services.engine.update(id, std::move(change));
    Json answer = {{"Warnings", Json::array()}};
    co_await exchange.send_json(200, std::move(answer));
}

}  // namespace

std::vector<Route> container_update_routes() {
    return {{"POST", "/containers/{name}/update", update}};
}

}  // namespace hoist::api
