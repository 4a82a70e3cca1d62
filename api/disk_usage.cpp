// SPDX-License-Identifier: Apache-2.0
// What the store holds, and what of it nobody uses: system df, image prune.
#include "api/container_json.h"
#include "api/images.h"
#include "api/router.h"
#include "base/error.h"
#include "orchestrator/blocking.h"
#include "storage/tree_size.h"
#include "wire/filters.h"
#include "wire/time.h"

namespace hoist::api {
namespace {

std::map<std::string, int> containers_by_image(const orchestrator::Engine& engine) {
    std::map<std::string, int> counts;
    for (const auto& view : engine.list()) ++counts[view.spec.image_id];
    return counts;
}

Json volume_json(const orchestrator::VolumeView& volume, std::int64_t size, int users) {
    return {{"Name", volume.spec.name},
            {"Driver", volume.spec.driver},
            {"Mountpoint", volume.mountpoint},
            {"CreatedAt", format_time(volume.created)},
            {"Labels", volume.spec.labels},
            {"Scope", "local"},
            {"Options", nullptr},
            {"UsageData", {{"Size", size}, {"RefCount", users}}}};
}

int users_of(const orchestrator::Engine& engine, const std::string& volume) {
    int users = 0;
    for (const auto& view : engine.list())
        for (const auto& mount : view.spec.mounts)
            users += mount.type == orchestrator::MountSpec::Type::volume && mount.source == volume;
    return users;
}

asio::awaitable<std::map<std::string, std::int64_t>> measure(Services& services, std::vector<std::string> paths) {
    auto job = [paths] {
        std::map<std::string, std::int64_t> sizes;
        for (const auto& path : paths) sizes[path] = storage::tree_size(path);
        return sizes;
    };
    co_return co_await orchestrator::on_pool(services.engine.workers(), std::move(job));
}

asio::awaitable<void> show_disk_usage(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    std::vector<std::string> paths;
    for (const auto& view : engine.list()) paths.push_back(engine.layout().container(view.id) + "/upper");
    for (const auto& volume : engine.volumes()) paths.push_back(volume.mountpoint);
    auto sizes = co_await measure(services, std::move(paths));
    const auto users = containers_by_image(engine);
    Json images = Json::array(), containers = Json::array(), volumes = Json::array();
    for (const auto& image : engine.images().list()) {
        Json entry = image_summary(image);
        const auto it = users.find(image.id);
        entry["Containers"] = it == users.end() ? 0 : it->second;
        entry["SharedSize"] = shared_size(image, engine.images());
        images.push_back(std::move(entry));
    }
    for (const auto& view : engine.list()) {
        Json entry = container_summary(view, now(), engine.layout().volumes());
        entry["SizeRw"] = sizes[engine.layout().container(view.id) + "/upper"];
        containers.push_back(std::move(entry));
    }
    for (const auto& volume : engine.volumes())
        volumes.push_back(volume_json(volume, sizes[volume.mountpoint], users_of(engine, volume.spec.name)));
    Json answer = {{"LayersSize", engine.images().layers_size().count},
                   {"Images", std::move(images)},
                   {"Containers", std::move(containers)},
                   {"Volumes", std::move(volumes)},
                   {"BuildCache", Json::array()}};
    co_await exchange.send_json(200, std::move(answer));
}

const std::set<std::string> prune_filters = {"dangling", "until", "label", "label!"};

/// Older than "24h" or a time.
bool old_enough(const storage::Image& image, const wire::Filters& filters) {
    for (const auto& text : filters.values("until")) {
        const auto age = parse_duration(text);
        const auto limit = age ? std::optional(now() - *age) : parse_time(text);
        if (!limit) fail(Kind::invalid, "until: \"{}\" is neither a duration nor a time", text);
        if (image.created > *limit) return false;
    }
    return true;
}

asio::awaitable<void> prune_images(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const auto filters = wire::Filters::parse(exchange.request.query.get("filters"), prune_filters);
    const bool all = filters.has("dangling") && !filters.allows("dangling", "true") && !filters.allows("dangling", "1");
    const auto users = containers_by_image(engine);
    std::vector<std::string> ids;
    for (const auto& image : engine.images().list())
        if (!users.contains(image.id) && (all || image.references.empty()) && old_enough(image, filters) &&
            filters.allows_labels(image.config.labels))
            ids.push_back(image.id);
    auto job = [&store = engine.images(), ids] {
        const auto before = store.layers_size();
        std::vector<std::pair<std::string, std::string>> done;
        for (const auto& id : ids)
            for (auto& one : store.remove(id, true)) done.push_back(std::move(one));
        store.collect();
        return std::make_pair(done, before.count - store.layers_size().count);
    };
    const auto [done, freed] = co_await orchestrator::on_pool(engine.workers(), std::move(job));
    Json deleted = Json::array();
    for (const auto& [what, object] : done) {
        Json entry;
        entry[what] = object;
        deleted.push_back(std::move(entry));
    }
    engine.wake_trash();
    engine.events().publish("image", "prune", "", {{"reclaimed", std::to_string(freed)}});
    Json answer = {{"ImagesDeleted", std::move(deleted)}, {"SpaceReclaimed", freed}};
    co_await exchange.send_json(200, std::move(answer));
}

}  // namespace

std::vector<Route> disk_usage_routes() {
    return {{"GET", "/system/df", show_disk_usage}, {"POST", "/images/prune", prune_images}};
}

}  // namespace hoist::api
