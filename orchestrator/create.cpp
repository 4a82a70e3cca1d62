// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/create.h"

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/path.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"
#include "orchestrator/log_config.h"
#include "orchestrator/oci_spec.h"
#include "orchestrator/resources.h"
#include "storage/container_root.h"

namespace hoist::orchestrator {
namespace {

std::string free_name(const Engine::State& engine, const ContainerId& id) {
    auto name = "hoist-" + id.str().substr(0, 8);
    for (int i = 9; engine.names.count(name) != 0; ++i) name = "hoist-" + id.str().substr(0, i);
    return name;
}

/// Volumes of the image, and names for those without one.
void complete_mounts(ContainerSpec& spec, const storage::ImageConfig& image) {
    for (auto& mount : spec.mounts) {
        mount.target = clean_path(mount.target);
        if (mount.target == "/") fail(Kind::invalid, "mount target '/' is the container's root itself");
        if (mount.type == MountSpec::Type::bind && !mount.source.starts_with("/"))
            fail(Kind::invalid, "bind mount source '{}' must be an absolute path", mount.source);
    }
    for (const auto& path : image.volumes) {
        const auto target = clean_path(path);
        const auto there = [&](const auto& mount) { return mount.target == target; };
        if (std::any_of(spec.mounts.begin(), spec.mounts.end(), there)) continue;
        spec.mounts.push_back({.type = MountSpec::Type::volume, .target = target, .anonymous = true});
    }
    for (auto& mount : spec.mounts) {
        if (mount.type != MountSpec::Type::volume || !mount.source.empty()) continue;
        mount.source = random_hex_id();
        mount.anonymous = true;
    }
}

/// Refuses now what would fail at the start.
void check_spec(const ContainerSpec& spec, const storage::ImageConfig& image, const Engine::State& engine) {
    effective_capabilities(spec);
    parse_security(spec);
    effective_stop_signal(spec, image);
    const auto& mode = spec.network_mode;
    if (mode != "bridge" && mode != "default" && mode != "none" && mode != "host" && !mode.starts_with("container:"))
        fail(Kind::invalid, "network mode '{}': use bridge, none, host or container:<id>", mode);
    if (mode.starts_with("container:") && engine.containers.count(ContainerId(mode.substr(10))) == 0)
        fail(Kind::not_found, "network mode '{}': no such container", mode);
    for (const auto* shared : {&spec.ipc_mode, &spec.pid_mode, &spec.uts_mode})
        if (shared->starts_with("container:") && engine.containers.count(ContainerId(shared->substr(10))) == 0)
            fail(Kind::not_found, "namespace of '{}': no such container", *shared);
    for (const auto& rule : spec.device_rules) parse_device_rule(rule);
    if (!spec.ports.empty() && mode.starts_with("container:"))
        fail(Kind::invalid, "ports are published by the container whose network is used, not by this one");
    check_log(spec);
    check_resources(spec.resources);
    for (const auto& port : spec.ports) parse_protocol(port.protocol);
}

/// The first "ethN" that none of the endpoints has.
std::string free_interface(const std::vector<EndpointState>& taken) {
    for (std::size_t i = 0;; ++i) {
        auto name = fmt::format("eth{}", i);
        const auto has = [&](const auto& endpoint) { return endpoint.interface_name == name; };
        if (std::none_of(taken.begin(), taken.end(), has)) return name;
    }
}

void prepare_directories(const storage::Layout& layout, const ContainerView& view, const ImageFacts& image) {
    storage::make_container_root(layout, view.id, image.lower);
    for (const auto& mount : view.spec.mounts) {
        if (mount.type != MountSpec::Type::volume) continue;
        make_directories(layout.volume_data(mount.source), 0755);
        if (!mount.no_copy) storage::copy_up_volume(image.lower, mount.target, layout.volume_data(mount.source));
    }
}

/// Rows that make the container exist, all or none.
struct Intent {
    storage::ContainerRow container;
    std::vector<storage::LeaseRow> leases;
    std::vector<storage::VolumeRow> volumes;
};

Intent intent_of(const ContainerActor& actor, std::vector<storage::VolumeRow> volumes) {
    Intent intent{actor.row(), {}, std::move(volumes)};
    for (const auto& endpoint : actor.view().endpoints)
        intent.leases.push_back({endpoint.network, actor.view().id, endpoint.address});
    return intent;
}

/// Takes back what create_container has taken in memory and on disk.
asio::awaitable<void> undo(Engine::State& engine, ContainerView view, std::vector<storage::VolumeRow> volumes) {
    engine.networks.release(view.id);
    engine.names.erase(view.name);
    for (const auto& volume : volumes) engine.volumes.forget(volume.name);
    auto job = [layout = engine.layout, id = view.id, volumes] {
        storage::discard_container_root(layout, id);
        for (const auto& volume : volumes) Volumes::discard(layout, volume.name);
    };
    co_await on_pool(engine.pool, std::move(job));
    auto write = [id = view.id, volumes](storage::Transaction& transaction) {
        transaction.remove_container(id);
        for (const auto& volume : volumes) transaction.remove_volume(volume.name);
    };
    co_await engine.commit(std::move(write));
    engine.trash.wake();
}

asio::awaitable<ContainerId> create_with(Engine::State& engine, ContainerSpec spec, std::string name,
                                         ImageFacts facts) {
    if (spec.network_mode.empty() || spec.network_mode == "default") spec.network_mode = "bridge";
    check_spec(spec, facts.config, engine);
    complete_mounts(spec, facts.config);
    if (spec.network_mode != "bridge") spec.endpoints.clear();
    if (spec.network_mode == "bridge" && spec.endpoints.empty()) {
        auto network = co_await engine.networks.default_network();
        spec.endpoints.emplace_back().network = std::move(network);
    }
    ContainerView view;
    view.id = ContainerId::random();
    if (name.empty()) name = free_name(engine, view.id);
    check_container_name(name);
    view.name = name;
    view.image_reference = spec.image;
    view.argv = effective_argv(spec, facts.config);
    view.created = now();
    view.log_directory = engine.layout.container(view.id);
    const auto [place, added] = engine.names.emplace(name, view.id);
    if (!added)
        fail(Kind::conflict, "container name {} is already used by container {}", name, place->second.shortened());
    std::vector<storage::VolumeRow> volumes;
    std::shared_ptr<ContainerActor> actor;
    std::exception_ptr failure;
    try {
        for (auto& endpoint : spec.endpoints)
            view.endpoints.push_back(lease_endpoint(engine, view.id, endpoint, view.endpoints));
        volumes = engine.volumes.adopt_missing(spec.mounts, project_of(spec));
        view.spec = std::move(spec);
        actor = std::make_shared<ContainerActor>(engine, view, facts);
        const auto intent = intent_of(*actor, volumes);
        const auto stored = engine.tasks.begin(engine.commit([intent](storage::Transaction& transaction) {
            for (const auto& volume : intent.volumes) transaction.put(volume);
            transaction.put(intent.container);
            for (const auto& lease : intent.leases) transaction.take(lease);
        }),
                                               name);
        const auto made = engine.tasks.begin(
            on_pool(engine.pool, [layout = engine.layout, view, facts] { prepare_directories(layout, view, facts); }),
            name);
        co_await stored.settled();
        co_await made.settled();
        co_await stored.get();
        co_await made.get();
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        co_await undo(engine, view, volumes);
        std::rethrow_exception(failure);
    }
    fail_point("create.committed");
    engine.containers.emplace(view.id, actor);
    for (const auto& volume : volumes) engine.events.publish("volume", "create", volume.name, {{"driver", "local"}});
    actor->publish("create");
    co_return view.id;
}

}  // namespace

void check_container_name(const std::string& name) {
    const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; };
    if (name.size() < 2 || !std::isalnum(static_cast<unsigned char>(name.front())) ||
        !std::all_of(name.begin(), name.end(), good))
        fail(Kind::invalid,
             "container name '{}': use at least two letters, digits, '_', '.', '-', and begin with a letter or digit",
             name);
}

ImageFacts image_facts(Engine::State& engine, const storage::Image& image) {
    return {image.config, engine.images.layer_directories(image)};
}

EndpointState lease_endpoint(Engine::State& engine, const ContainerId& id, EndpointSpec& wanted,
                             const std::vector<EndpointState>& others) {
    const auto& network = engine.networks.get(wanted.network);
    wanted.network = network.view.id;
    EndpointState endpoint{.network = network.view.id,
                           .network_name = network.view.spec.name,
                           .gateway = network.view.spec.gateway,
                           .mac = wanted.mac_address,
                           .prefix = network.bridge.subnet.prefix,
                           .aliases = wanted.aliases};
    const auto address = engine.networks.lease(network.view.id, id, wanted.ipv4_address);
    endpoint.address = to_string(address);
    if (endpoint.mac.empty()) endpoint.mac = netmgr::mac_of(address);
    endpoint.interface_name = free_interface(others);
    return endpoint;
}

asio::awaitable<ContainerId> create_container(Engine::State& engine, ContainerSpec spec, std::string name) {
    const auto image = engine.images.find(spec.image_id.empty() ? spec.image : spec.image_id);
    if (!image)
        fail(Kind::not_found, "no such image: {}; see `hoist images`, or make it with `hoist import`", spec.image);
    spec.image_id = image->id;
    auto facts = image_facts(engine, *image);
    co_return co_await create_with(engine, std::move(spec), std::move(name), std::move(facts));
}

asio::awaitable<ContainerId> create_build_container(Engine::State& engine, ContainerSpec spec, ImageFacts facts) {
    return create_with(engine, std::move(spec), "", std::move(facts));
}

}  // namespace hoist::orchestrator
