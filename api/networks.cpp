// SPDX-License-Identifier: Apache-2.0
#include "api/container_spec.h"
#include "api/router.h"
#include "base/error.h"
#include "wire/filters.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

Json to_json(const NetworkView& view) {
    Json pool = {{"Subnet", view.spec.subnet}, {"Gateway", view.spec.gateway}};
    if (!view.spec.ip_range.empty()) pool["IPRange"] = view.spec.ip_range;
    return {{"Name", view.spec.name},
            {"Id", view.id.str()},
            {"Created", format_time(view.created)},
            {"Scope", "local"},
            {"Driver", view.spec.driver},
            {"EnableIPv4", true},
            {"EnableIPv6", false},
            {"IPAM", {{"Driver", "default"}, {"Options", nullptr}, {"Config", {std::move(pool)}}}},
            {"Internal", view.spec.internal},
            {"Attachable", false},
            {"Ingress", false},
            {"ConfigFrom", {{"Network", ""}}},
            {"ConfigOnly", false},
            {"Options", view.spec.options},
            {"Labels", view.spec.labels}};
}

Json members_json(const Engine& engine, const NetworkView& network) {
    Json members = Json::object();
    for (const auto& id : network.containers) {
        const auto view = engine.view(id);
        for (const auto& endpoint : view.endpoints)
            if (endpoint.network == network.id)
                members[id.str()] = {{"Name", view.name},
                                     {"EndpointID", id.str()},
                                     {"MacAddress", endpoint.mac},
                                     {"IPv4Address", fmt::format("{}/{}", endpoint.address, endpoint.prefix)},
                                     {"IPv6Address", ""}};
    }
    return members;
}

const std::set<std::string> network_filters = {"dangling", "driver", "id", "label", "name", "scope", "type"};

asio::awaitable<void> list_networks(Exchange& exchange, Services& services) {
    const auto filters = wire::Filters::parse(exchange.request.query.get("filters"), network_filters);
    Json list = Json::array();
    for (const auto& view : services.engine.networks()) {
        const bool dangling = view.containers.empty();
        if (filters.allows_name("name", view.spec.name) && filters.allows_prefix("id", view.id.str()) &&
            filters.allows("driver", view.spec.driver) && filters.allows_labels(view.spec.labels) &&
            filters.allows("scope", "local") &&
            filters.allows("type", view.spec.name == "bridge" ? "builtin" : "custom") &&
            filters.allows("dangling", dangling ? "true" : "false"))
            list.push_back(to_json(view));
    }
    co_await exchange.send_json(200, std::move(list));
}

NetworkView network_of(const Exchange& exchange, const Services& services) {
    const auto name = exchange.request.parameter("name");
    auto view = services.engine.find_network(name);
    if (!view) fail(Kind::not_found, "network {} not found", name);
    return std::move(*view);
}

asio::awaitable<void> inspect_network(Exchange& exchange, Services& services) {
    const auto view = network_of(exchange, services);
    Json answer = to_json(view);
    answer["Containers"] = members_json(services.engine, view);
    co_await exchange.send_json(200, std::move(answer));
}

NetworkSpec network_spec(const Json& body) {
    NetworkSpec spec;
    spec.name = json_value<std::string>(body, "Name", "");
    if (spec.name.empty()) fail(Kind::invalid, "network name must not be empty");
    if (const auto driver = json_value<std::string>(body, "Driver", ""); !driver.empty()) spec.driver = driver;
    spec.internal = json_value(body, "Internal", false);
    spec.options = json_value<std::map<std::string, std::string>>(body, "Options", {});
    spec.labels = json_value<std::map<std::string, std::string>>(body, "Labels", {});
    if (json_value(body, "EnableIPv6", false)) fail(Kind::invalid, "EnableIPv6 is not supported");
    const Json ipam = json_value<Json>(body, "IPAM", Json::object());
    const auto pools = json_value<std::vector<Json>>(ipam, "Config", {});
    if (pools.size() > 1) fail(Kind::invalid, "IPAM.Config: one subnet per network is supported");
    if (!pools.empty()) {
        spec.subnet = json_value<std::string>(pools[0], "Subnet", "");
        spec.gateway = json_value<std::string>(pools[0], "Gateway", "");
        spec.ip_range = json_value<std::string>(pools[0], "IPRange", "");
    }
    return spec;
}

asio::awaitable<void> create_network(Exchange& exchange, Services& services) {
    auto spec = network_spec(co_await exchange.read_json());
    if (spec.name == "host" || spec.name == "none" || spec.name == "default")
        fail(Kind::denied, "operation is not permitted on predefined {} network", spec.name);
    if (services.engine.find_network(spec.name)) fail(Kind::conflict, "network with name {} already exists", spec.name);
    const auto id = co_await services.engine.create_network(std::move(spec));
    Json answer = {{"Id", id.str()}, {"Warning", ""}};
    co_await exchange.send_json(201, std::move(answer));
}

asio::awaitable<void> remove_network(Exchange& exchange, Services& services) {
    const auto view = network_of(exchange, services);
    // Docker answers 403 here, and Testcontainers looks for these words.
    if (!view.containers.empty())
        fail(Kind::denied, "error while removing network: network {} has active endpoints", view.spec.name);
    co_await services.engine.remove_network(view.id.str());
    co_await exchange.send_empty(204);
}

ContainerId container_named(const Json& body, const Services& services) {
    const auto name = json_value<std::string>(body, "Container", "");
    if (name.empty()) fail(Kind::invalid, "the body does not name a Container");
    return services.engine.resolve(name);
}

asio::awaitable<void> connect(Exchange& exchange, Services& services) {
    const auto network = network_of(exchange, services);
    const Json body = co_await exchange.read_json();
    const auto id = container_named(body, services);
    auto asked = asked_endpoint(network.id.str(), json_value<Json>(body, "EndpointConfig", Json()));
    asked.settings.network = network.id;
    co_await services.engine.connect(id, std::move(asked.settings));
    co_await exchange.send_empty(200);
}

asio::awaitable<void> disconnect(Exchange& exchange, Services& services) {
    const auto network = network_of(exchange, services);
    const Json body = co_await exchange.read_json();
    const auto id = container_named(body, services);
    co_await services.engine.disconnect(id, network.id);
    co_await exchange.send_empty(200);
}

}  // namespace

std::vector<Route> network_routes() {
    return {{"GET", "/networks", list_networks},
            {"POST", "/networks/create", create_network},
            {"GET", "/networks/{name}", inspect_network},
            {"POST", "/networks/{name}/connect", connect},
            {"POST", "/networks/{name}/disconnect", disconnect},
            {"DELETE", "/networks/{name}", remove_network}};
}

}  // namespace hoist::api
