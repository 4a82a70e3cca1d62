// SPDX-License-Identifier: Apache-2.0
// Secrets and configs that are kept here, as Docker's API has them. A secret's content never leaves.
#include "api/router.h"
#include "base/error.h"
#include "wire/base64.h"
#include "wire/filters.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

using Choose = storage::KeptObjects& (*)(Engine&);

storage::KeptObjects& secrets_of(Engine& engine) {
    return engine.secrets();
}
storage::KeptObjects& configs_of(Engine& engine) {
    return engine.configs();
}

Json to_json(const storage::KeptObject& object) {
    return {{"ID", object.id},
            {"Version", {{"Index", object.updated.time_since_epoch().count()}}},
            {"CreatedAt", format_time(object.created)},
            {"UpdatedAt", format_time(object.updated)},
            {"Spec", {{"Name", object.name}, {"Labels", object.labels}}}};
}

template <Choose choose>
asio::awaitable<void> list_kept(Exchange& exchange, Services& services) {
    const auto filters = wire::Filters::parse(exchange.request.query.get("filters"), {"id", "label", "name", "names"});
    Json all = Json::array();
    for (const auto& object : choose(services.engine).list())
        if (filters.allows_name("name", object.name) && filters.allows("names", object.name) &&
            filters.allows("id", object.id) && filters.allows_labels(object.labels))
            all.push_back(to_json(object));
    co_await exchange.send_json(200, std::move(all));
}

template <Choose choose>
asio::awaitable<void> create_kept(Exchange& exchange, Services& services) {
    const Json body = co_await exchange.read_json();
    const auto content = wire::base64_decode(json_value<std::string>(body, "Data", ""));
    if (!content) fail(Kind::invalid, "Data: not base64");
    const auto name = json_value<std::string>(body, "Name", "");
    auto labels = json_value<std::map<std::string, std::string>>(body, "Labels", {});
    auto& kept = choose(services.engine);
    const bool replaces = exchange.request.query.flag("replace") && kept.find(name);
    const auto object = replaces ? kept.replace(name, *content) : kept.create(name, *content, std::move(labels));
    Json answer = {{"ID", object.id}};
    co_await exchange.send_json(201, std::move(answer));
}

template <Choose choose>
asio::awaitable<void> inspect_kept(Exchange& exchange, Services& services) {
    auto& kept = choose(services.engine);
    const auto name = exchange.request.parameter("name");
    const auto object = kept.find(name);
    if (!object) fail(Kind::not_found, "no such object: {}", name);
    Json answer = to_json(*object);
    if constexpr (choose == configs_of) answer["Spec"]["Data"] = wire::base64_encode(kept.content(object->name));
    co_await exchange.send_json(200, std::move(answer));
}

template <Choose choose>
asio::awaitable<void> remove_kept(Exchange& exchange, Services& services) {
    choose(services.engine).remove(exchange.request.parameter("name"));
    co_await exchange.send_empty(204);
}

}  // namespace

std::vector<Route> kept_object_routes() {
    return {
        {"GET", "/secrets", list_kept<secrets_of>},           {"POST", "/secrets/create", create_kept<secrets_of>},
        {"GET", "/secrets/{name}", inspect_kept<secrets_of>}, {"DELETE", "/secrets/{name}", remove_kept<secrets_of>},
        {"GET", "/configs", list_kept<configs_of>},           {"POST", "/configs/create", create_kept<configs_of>},
        {"GET", "/configs/{name}", inspect_kept<configs_of>}, {"DELETE", "/configs/{name}", remove_kept<configs_of>}};
}

}  // namespace hoist::api
