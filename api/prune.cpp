// SPDX-License-Identifier: Apache-2.0
// Removing what nobody uses: containers, networks, volumes.
#include <sys/stat.h>

#include "api/router.h"
#include "base/error.h"
#include "base/log.h"
#include "orchestrator/blocking.h"
#include "storage/tree_size.h"
#include "wire/filters.h"
#include "wire/time.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

struct PruneFilter {
    wire::Filters filters;
    std::optional<TimePoint> until;

    bool allows(TimePoint created, const std::map<std::string, std::string>& labels) const {
        return (!until || created < *until) && filters.allows_labels(labels);
    }
};

PruneFilter wanted_of(const Exchange& exchange, std::set<std::string> known) {
    PruneFilter wanted{wire::Filters::parse(exchange.request.query.get("filters"), known), std::nullopt};
    const auto until = wanted.filters.values("until");
    if (until.size() > 1) fail(Kind::invalid, "more than one until filter specified");
    if (!until.empty()) wanted.until = wire::parse_moment(until.front(), now(), "until");
    return wanted;
}

asio::awaitable<std::int64_t> size_on_disk(Services& services, std::string path) {
    auto job = [path = std::move(path)] { return storage::tree_size(path); };
    co_return co_await on_pool(services.engine.workers(), std::move(job));
}

/// Calls `remove`; what somebody has begun to use meanwhile stays. @return whether it went
asio::awaitable<bool> removed(asio::awaitable<void> remove, std::string name) {
    try {
        co_await std::move(remove);
        co_return true;
    } catch (const Error& error) {
        spdlog::info("prune: {} stays: {}", name, error.what());
    }
    co_return false;
}

void publish(Services& services, const std::string& type, std::int64_t reclaimed) {
    services.engine.events().publish(type, "prune", "", {{"reclaimed", std::to_string(reclaimed)}});
}

bool is_stopped(const ContainerView& view) {
    return std::holds_alternative<Exited>(view.state) || std::holds_alternative<Created>(view.state);
}

asio::awaitable<void> prune_containers(Exchange& exchange, Services& services) {
    const auto wanted = wanted_of(exchange, {"label", "label!", "until"});
    auto& engine = services.engine;
    Json gone = Json::array();
    std::int64_t reclaimed = 0;
    for (const auto& view : engine.list()) {
        if (!is_stopped(view) || !wanted.allows(view.created, view.spec.labels)) continue;
        const auto size = co_await size_on_disk(services, engine.layout().container(view.id) + "/upper");
        if (!engine.find(view.id.str())) continue;
        if (!co_await removed(engine.remove(view.id, false, false), view.name)) continue;
        gone.push_back(view.id.str());
        reclaimed += size;
    }
    publish(services, "container", reclaimed);
    Json answer = {{"ContainersDeleted", std::move(gone)}, {"SpaceReclaimed", reclaimed}};
    co_await exchange.send_json(200, std::move(answer));
}

asio::awaitable<void> prune_networks(Exchange& exchange, Services& services) {
    const auto wanted = wanted_of(exchange, {"label", "label!", "until"});
    Json gone = Json::array();
    for (const auto& view : services.engine.networks()) {
        const bool spared = view.spec.name == "bridge" || !view.containers.empty();
        if (spared || !wanted.allows(view.created, view.spec.labels)) continue;
        if (co_await removed(services.engine.remove_network(view.id.str()), view.spec.name))
            gone.push_back(view.spec.name);
    }
    publish(services, "network", 0);
    Json answer = {{"NetworksDeleted", std::move(gone)}};
    co_await exchange.send_json(200, std::move(answer));
}

std::set<std::string> used_volumes(const Engine& engine) {
    std::set<std::string> used;
    for (const auto& view : engine.list())
        for (const auto& mount : view.spec.mounts)
            if (mount.type == MountSpec::Type::volume) used.insert(mount.source);
    return used;
}

/// Volumes that nobody has named are called by 64 digits.
bool is_anonymous(const std::string& name) {
    return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

asio::awaitable<void> prune_volumes(Exchange& exchange, Services& services) {
    const auto wanted = wanted_of(exchange, {"all", "label", "label!"});
    // Since 1.42 named volumes go only when asked for: they hold what people want to keep.
    const auto all = wanted.filters.values("all");
    const bool named =
        exchange.request.version < ApiVersion{1, 42} || (!all.empty() && all.front() != "false" && all.front() != "0");
    Json gone = Json::array();
    std::int64_t reclaimed = 0;
    const auto used = used_volumes(services.engine);
    for (const auto& view : services.engine.volumes()) {
        const auto& name = view.spec.name;
        if (used.contains(name) || !(named || is_anonymous(name))) continue;
        if (!wanted.allows(view.created, view.spec.labels)) continue;
        const auto size = co_await size_on_disk(services, view.mountpoint);
        if (!co_await removed(services.engine.remove_volume(name), name)) continue;
        gone.push_back(name);
        reclaimed += size;
    }
    publish(services, "volume", reclaimed);
    Json answer = {{"VolumesDeleted", std::move(gone)}, {"SpaceReclaimed", reclaimed}};
    co_await exchange.send_json(200, std::move(answer));
}

}  // namespace

std::vector<Route> prune_routes() {
    return {{"POST", "/containers/prune", prune_containers},
            {"POST", "/networks/prune", prune_networks},
            {"POST", "/volumes/prune", prune_volumes}};
}

}  // namespace hoist::api
