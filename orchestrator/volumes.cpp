// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/volumes.h"

#include <sys/stat.h>

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/engine_state.h"

namespace hoist::orchestrator {
namespace {

void check_volume_name(const std::string& name) {
    const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; };
    if (name.empty() || name.size() > 255 || !std::isalnum(static_cast<unsigned char>(name.front())) ||
        !std::all_of(name.begin(), name.end(), good))
        fail(Kind::invalid, "volume name '{}': use letters, digits, '_', '.', '-', and begin with a letter or digit",
             name);
}

Json to_json(const VolumeView& view) {
    return {{"driver", view.spec.driver},
            {"options", view.spec.options},
            {"labels", view.spec.labels},
            {"created", view.created.time_since_epoch().count()}};
}

storage::VolumeRow row_of(const VolumeView& view) {
    return {view.spec.name, view.spec.project, to_json(view).dump()};
}

}  // namespace

void Volumes::load(const std::vector<storage::VolumeRow>& rows) {
    for (const auto& row : rows) {
        const auto object = parse_json(row.spec, "volume " + row.name);
        VolumeView view;
        view.spec.name = row.name;
        view.spec.project = row.project;
        view.spec.driver = json_value<std::string>(object, "driver", "local");
        view.spec.options = json_value(object, "options", view.spec.options);
        view.spec.labels = json_value(object, "labels", view.spec.labels);
        view.created = TimePoint(Nanoseconds(json_value<std::int64_t>(object, "created", 0)));
        view.mountpoint = engine_.layout.volume_data(row.name);
        volumes_.emplace(row.name, std::move(view));
    }
}

storage::VolumeRow Volumes::add(VolumeSpec spec) {
    VolumeView view{std::move(spec), "", now()};
    view.mountpoint = engine_.layout.volume_data(view.spec.name);
    auto row = row_of(view);
    volumes_.emplace(row.name, std::move(view));
    return row;
}

asio::awaitable<void> Volumes::create(VolumeSpec spec) {
    if (spec.name.empty()) spec.name = random_hex_id();
    check_volume_name(spec.name);
    if (spec.driver.empty()) spec.driver = "local";
    if (spec.driver != "local") fail(Kind::invalid, "volume driver '{}' is not available; use local", spec.driver);
    const auto found = volumes_.find(spec.name);
    if (found != volumes_.end()) {
        if (found->second.spec.options != spec.options)
            fail(Kind::conflict, "volume {} exists already with other options", spec.name);
        co_return;
    }
    const auto name = spec.name;
    const auto row = add(std::move(spec));
    try {
        auto job = [path = engine_.layout.volume_data(name)] { make_directories(path, 0755); };
        co_await on_pool(engine_.pool, std::move(job));
        auto write = [row](storage::Transaction& transaction) { transaction.put(row); };
        co_await engine_.commit(std::move(write));
    } catch (...) {
        forget(name);
        throw;
    }
    engine_.events.publish("volume", "create", name, {{"driver", "local"}});
}

asio::awaitable<void> Volumes::remove(std::string name) {
    if (volumes_.count(name) == 0) fail(Kind::not_found, "no such volume: {}", name);
    if (const auto in_use = users(name); !in_use.empty())
        fail(Kind::conflict, "volume {} is in use by {}", name, join(in_use, ", "));
    auto write = [name](storage::Transaction& transaction) { transaction.remove_volume(name); };
    co_await engine_.commit(std::move(write));
    forget(name);
    auto job = [layout = engine_.layout, name] { discard(layout, name); };
    co_await on_pool(engine_.pool, std::move(job));
    engine_.trash.wake();
    engine_.events.publish("volume", "destroy", name, {{"driver", "local"}});
}

const VolumeView* Volumes::find(const std::string& name) const {
    const auto it = volumes_.find(name);
    return it == volumes_.end() ? nullptr : &it->second;
}

std::vector<VolumeView> Volumes::all() const {
    std::vector<VolumeView> list;
    for (const auto& [name, view] : volumes_) list.push_back(view);
    return list;
}

std::vector<storage::VolumeRow> Volumes::adopt_missing(const std::vector<MountSpec>& mounts,
                                                       const std::string& project) {
    std::vector<storage::VolumeRow> rows;
    for (const auto& mount : mounts) {
        if (mount.type != MountSpec::Type::volume || volumes_.count(mount.source) != 0) continue;
        check_volume_name(mount.source);
        VolumeSpec spec{.name = mount.source, .project = mount.anonymous ? project : ""};
        if (mount.anonymous) spec.labels["com.docker.volume.anonymous"] = "";
        rows.push_back(add(std::move(spec)));
    }
    return rows;
}

void Volumes::forget(const std::string& name) {
    volumes_.erase(name);
}

void Volumes::discard(const storage::Layout& layout, const std::string& name) {
    const auto from = layout.volume(name);
    const auto to = layout.trash() + "/volume-" + random_hex_id().substr(0, 16);
    if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) fail_errno(errno, "remove volume {}", name);
}

std::vector<std::string> Volumes::users(const std::string& name) const {
    std::vector<std::string> found;
    for (const auto& [id, actor] : engine_.containers)
        for (const auto& mount : actor->view().spec.mounts)
            if (mount.type == MountSpec::Type::volume && mount.source == name) {
                found.push_back("container " + actor->view().name);
                break;
            }
    return found;
}

}  // namespace hoist::orchestrator
