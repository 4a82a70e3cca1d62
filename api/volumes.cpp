// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"
#include "base/error.h"
#include "base/id.h"
#include "wire/filters.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

Json to_json(const VolumeView& view) {
    return {{"Name", view.spec.name},
            {"Driver", view.spec.driver},
            {"Mountpoint", view.mountpoint},
            {"CreatedAt", format_time(view.created)},
            {"Labels", view.spec.labels},
            {"Options", view.spec.options},
            {"Scope", "local"}};
}

bool in_use(const Engine& engine, const std::string& name) {
    for (const auto& view : engine.list())
        for (const auto& mount : view.spec.mounts)
            if (mount.type == MountSpec::Type::volume && mount.source == name) return true;
    return false;
}

const std::set<std::string> volume_filters = {"dangling", "driver", "label", "name"};

asio::awaitable<void> list_volumes(Exchange& exchange, Services& services) {
    const auto filters = wire::Filters::parse(exchange.request.query.get("filters"), volume_filters);
    Json list = Json::array();
    for (const auto& view : services.engine.volumes()) {
        if (!filters.allows_name("name", view.spec.name) || !filters.allows("driver", view.spec.driver) ||
            !filters.allows_labels(view.spec.labels))
            continue;
        if (filters.has("dangling")) {
            const bool dangling = !in_use(services.engine, view.spec.name);
            if (!filters.allows("dangling", dangling ? "true" : "false") &&
                !filters.allows("dangling", dangling ? "1" : "0"))
                continue;
        }
        list.push_back(to_json(view));
    }
    Json answer = {{"Volumes", std::move(list)}, {"Warnings", nullptr}};
    co_await exchange.send_json(200, std::move(answer));
}

VolumeView volume_named(const Services& services, const std::string& name) {
    auto view = services.engine.find_volume(name);
    if (!view) fail(Kind::not_found, "get {}: no such volume", name);
    return std::move(*view);
}

asio::awaitable<void> inspect_volume(Exchange& exchange, Services& services) {
    co_await exchange.send_json(200, to_json(volume_named(services, exchange.request.parameter("name"))));
}

asio::awaitable<void> create_volume(Exchange& exchange, Services& services) {
    const Json body = co_await exchange.read_json();
    VolumeSpec spec;
    spec.name = json_value<std::string>(body, "Name", "");
    if (spec.name.empty()) spec.name = random_hex_id();
    if (const auto driver = json_value<std::string>(body, "Driver", ""); !driver.empty()) spec.driver = driver;
    spec.options = json_value<std::map<std::string, std::string>>(body, "DriverOpts", {});
    spec.labels = json_value<std::map<std::string, std::string>>(body, "Labels", {});
    const std::string name = spec.name;
    co_await services.engine.create_volume(std::move(spec));
    co_await exchange.send_json(201, to_json(volume_named(services, name)));
}

asio::awaitable<void> remove_volume(Exchange& exchange, Services& services) {
    const auto name = exchange.request.parameter("name");
    if (!services.engine.find_volume(name) && exchange.request.query.flag("force")) {
        co_await exchange.send_empty(204);
        co_return;
    }
    volume_named(services, name);
    co_await services.engine.remove_volume(name);
    co_await exchange.send_empty(204);
}

}  // namespace

std::vector<Route> volume_routes() {
    return {{"GET", "/volumes", list_volumes},
            {"POST", "/volumes/create", create_volume},
            {"GET", "/volumes/{name}", inspect_volume},
            {"DELETE", "/volumes/{name}", remove_volume}};
}

}  // namespace hoist::api
