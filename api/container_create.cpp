// SPDX-License-Identifier: Apache-2.0
#include "api/container_spec.h"
#include "api/router.h"
#include "base/error.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

/// The network that a client means; the default one is made when it is first needed.
asio::awaitable<NetworkId> network_named(Engine& engine, std::string name) {
    if (const auto found = engine.find_network(name)) co_return found->id;
    // Not "not found": clients take that for a missing image, and pull it.
    if (name != "bridge") fail(Kind::invalid, "network {} not found", name);
    NetworkSpec spec;
    spec.name = "bridge";
    co_return co_await engine.create_network(std::move(spec));
}

bool is_valid_name(const std::string& name) {
    constexpr std::string_view marks = "_.-";
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return name.size() > 1 && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
               return is_letter(c) || marks.find(c) != std::string_view::npos;
           });
}

bool is_plain_default(const AskedEndpoint& asked) {
    const auto& settings = asked.settings;
    return asked.network == "bridge" && settings.aliases.empty() && settings.ipv4_address.empty() &&
           settings.mac_address.empty();
}

asio::awaitable<void> create_container(Exchange& exchange, Services& services) {
    const Json body = co_await exchange.read_json();
    std::string name = exchange.request.query.get("name");
    if (!name.empty() && name.front() == '/') name.erase(0, 1);
    if (!name.empty() && !is_valid_name(name))
        fail(Kind::invalid, "invalid container name ({}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name);
    ContainerSpec spec = container_spec_from_docker(body);
    auto& engine = services.engine;
    // Clients pull what is reported missing in these words, and create again.
    if (!engine.images().find(spec.image)) fail(Kind::not_found, "no such image: {}", spec.image);
    auto endpoints = asked_endpoints(body);
    // Without wishes, the engine joins its default network itself, and makes it when it is first needed.
    if (endpoints.size() == 1 && is_plain_default(endpoints[0])) endpoints.clear();
    for (auto& asked : endpoints) {
        asked.settings.network = co_await network_named(engine, asked.network);
        spec.endpoints.push_back(std::move(asked.settings));
    }
    const auto id = co_await engine.create(std::move(spec), name);
    Json answer = {{"Id", id.str()}, {"Warnings", Json::array()}};
    co_await exchange.send_json(201, std::move(answer));
}

}  // namespace

std::vector<Route> container_create_routes() {
    return {{"POST", "/containers/create", create_container}};
}

}  // namespace hoist::api
