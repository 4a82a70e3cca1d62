// SPDX-License-Identifier: Apache-2.0
// Lists and details of containers.
#include "api/container_json.h"
#include "api/router.h"
#include "wire/filters.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

bool on_network(const ContainerView& view, const wire::Filters& filters) {
    if (!filters.has("network")) return true;
    return std::any_of(view.endpoints.begin(), view.endpoints.end(),
                       [&](const EndpointState& endpoint) {
                           return filters.allows("network", endpoint.network_name) ||
                                  filters.allows_prefix("network", endpoint.network.str());
                       }) ||
           filters.allows("network", view.spec.network_mode);
}

bool uses_volume(const ContainerView& view, const wire::Filters& filters) {
    if (!filters.has("volume")) return true;
    return std::any_of(view.spec.mounts.begin(), view.spec.mounts.end(), [&](const MountSpec& mount) {
        return filters.allows("volume", mount.source) || filters.allows("volume", mount.target);
    });
}

bool publishes(const ContainerView& view, const wire::Filters& filters) {
    const auto any = [&](const std::string& key, const auto& port, auto number) {
        return filters.allows(key, std::to_string(number)) ||
               filters.allows(key, fmt::format("{}/{}", number, port.protocol));
    };
    const auto& ports = view.ports;
    return (!filters.has("publish") ||
            std::any_of(ports.begin(), ports.end(),
                        [&](const auto& port) { return any("publish", port, port.host_port); })) &&
           (!filters.has("expose") || std::any_of(ports.begin(), ports.end(), [&](const auto& port) {
               return any("expose", port, port.container_port);
           }));
}

bool exited_with(const ContainerView& view, const wire::Filters& filters) {
    if (!filters.has("exited")) return true;
    const auto* exited = std::get_if<Exited>(&view.state);
    return exited && filters.allows("exited", std::to_string(exited->last.code));
}

/// Whether the container was made before (or after) the one that the filter names.
bool in_order(const ContainerView& view, const wire::Filters& filters, const Engine& engine) {
    for (const auto& name : filters.values("before"))
        if (view.created >= engine.view(engine.resolve(name)).created) return false;
    for (const auto& name : filters.values("since"))
        if (view.created <= engine.view(engine.resolve(name)).created) return false;
    return true;
}

bool passes(const ContainerView& view, const wire::Filters& filters, const Engine& engine) {
    const bool name = filters.allows_name("name", view.name) || filters.allows_name("name", "/" + view.name);
    const bool image = filters.allows("ancestor", view.image_reference) ||
                       filters.allows("ancestor", view.spec.image) ||
                       filters.allows_prefix("ancestor", view.spec.image_id) ||
                       filters.allows("ancestor", view.image_reference.substr(0, view.image_reference.rfind(':')));
    return name && image && filters.allows_prefix("id", view.id.str()) && filters.allows_labels(view.spec.labels) &&
           filters.allows("status", status_word(view.state)) &&
           filters.allows("health", to_string(view.health.status)) && on_network(view, filters) &&
           uses_volume(view, filters) && publishes(view, filters) && exited_with(view, filters) &&
           in_order(view, filters, engine);
}

const std::set<std::string> container_filters = {"ancestor", "before", "since",   "expose",  "publish",
                                                 "exited",   "health", "id",      "is-task", "isolation",
                                                 "label",    "name",   "network", "status",  "volume"};

asio::awaitable<void> list_containers(Exchange& exchange, Services& services) {
    const auto& query = exchange.request.query;
    const auto filters = wire::Filters::parse(query.get("filters"), container_filters);
    const auto limit = query.number("limit").value_or(0);
    const bool all = query.flag("all") || limit > 0 || filters.has("status") || filters.has("exited");
    auto views = services.engine.list();
    std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.created > b.created; });
    const TimePoint present = now();
    Json list = Json::array();
    for (const auto& view : views) {
        const bool alive =
            std::holds_alternative<Running>(view.state) || std::holds_alternative<Restarting>(view.state);
        if ((!all && !alive) || !passes(view, filters, services.engine)) continue;
        list.push_back(container_summary(view, present, services.engine.layout().volumes()));
        if (limit > 0 && list.size() == static_cast<std::size_t>(limit)) break;
    }
    co_await exchange.send_json(200, std::move(list));
}

asio::awaitable<void> inspect_container(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const auto view = engine.view(engine.resolve(exchange.request.parameter("name")));
    co_await exchange.send_json(200, container_details(view, engine));
}

}  // namespace

std::vector<Route> container_routes() {
    return {{"GET", "/containers/json", list_containers}, {"GET", "/containers/{name}/json", inspect_container}};
}

}  // namespace hoist::api
