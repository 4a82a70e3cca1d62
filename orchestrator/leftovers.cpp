// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/leftovers.h"

#include <poll.h>

#include <csignal>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/engine_state.h"
#include "runtime/monitor_protocol.h"
#include "storage/container_root.h"

namespace hoist::orchestrator {
namespace {

std::set<std::string> directories_in(const std::string& path) {
    std::set<std::string> names;
    std::error_code ignored;  // absent: none
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
        if (entry.is_directory(ignored)) names.insert(entry.path().filename());
    return names;
}

/// Ends a monitor that serves a container without a row, with what it runs.
void end_monitor(const std::string& run_directory) {
    try {
        const auto socket = runtime::connect_monitor(run_directory);
        if (!runtime::send_message(socket, {{"op", "quit"}, {"seq", 1}})) return;
        pollfd ready{socket.get(), POLLIN, 0};
        while (::poll(&ready, 1, 10'000) > 0)
            while (const auto message = runtime::receive_message(socket))
                if (message->body.contains("seq")) return;
    } catch (const Error&) {
        return;  // none there, or gone
    }
}

}  // namespace

std::set<std::string> cgroups_below(const runtime::CgroupLayout& cgroups, const std::string& parent) {
    std::set<std::string> names;
    for (const auto& hierarchy : cgroups.hierarchies) names.merge(directories_in(hierarchy.mount_point + parent));
    return names;
}

std::vector<Leftover> find_leftovers(const storage::Layout& layout, const runtime::CgroupLayout& cgroups,
                                     const std::string& cgroup_parent, netmgr::Links& links, const Owned& owned) {
    std::vector<Leftover> found;
    const auto compare = [&](const auto& there, const std::set<std::string>& owners, Leftover::Kind kind) {
        for (const auto& name : there)
            if (owners.count(name) == 0) found.push_back({kind, name});
    };
    // Processes first: they hold the rest.
    compare(directories_in(layout.containers_run()), owned.containers, Leftover::Kind::run_directory);
    compare(cgroups_below(cgroups, cgroup_parent), owned.containers, Leftover::Kind::cgroup);
    compare(directories_in(layout.containers()), owned.containers, Leftover::Kind::container_directory);
    compare(directories_in(layout.volumes()), owned.volumes, Leftover::Kind::volume);
    compare(links.ours(), owned.links, Leftover::Kind::link);
    return found;
}

void remove_leftover(const Leftover& leftover, const storage::Layout& layout, const runtime::CgroupLayout& cgroups,
                     const std::string& cgroup_parent, netmgr::Links& links) {
    const ContainerId id(leftover.name);
    switch (leftover.kind) {
        case Leftover::Kind::run_directory:
            end_monitor(layout.container_run(id));
            remove_tree(layout.container_run(id));
            return;
        case Leftover::Kind::cgroup: {
            const auto cgroup = runtime::Cgroup::open(cgroups, cgroup_parent + "/" + leftover.name);
            if (!cgroup.exists()) return;
            cgroup.kill_all(SIGKILL);
            cgroup.remove();
            return;
        }
        case Leftover::Kind::container_directory:
            storage::discard_container_root(layout, id);
            return;
        case Leftover::Kind::volume:
            return;  // data goes only when somebody asks for it (INV-9)
        case Leftover::Kind::link:
            links.remove_link(leftover.name);
            return;
    }
}

std::string to_string(const Leftover& leftover) {
    constexpr const char* words[] = {"container directory", "run directory", "volume directory", "cgroup", "link"};
    return fmt::format("{} {}", words[static_cast<int>(leftover.kind)], leftover.name);
}

Owned owned_by(Engine::State& engine, bool of_stopped) {
    Owned owned;
    for (const auto& [id, actor] : engine.containers) {
        owned.containers.insert(id.str());
        const bool down =
            std::holds_alternative<Exited>(actor->view().state) || std::holds_alternative<Created>(actor->view().state);
        for (const auto& endpoint : actor->view().endpoints)
            if (!down || of_stopped) owned.links.insert(netmgr::veth_name(endpoint.network, id));
    }
    for (const auto& volume : engine.volumes.all()) owned.volumes.insert(volume.spec.name);
    for (const auto& [id, network] : engine.networks.all()) owned.links.insert(network.bridge.bridge);
    return owned;
}

}  // namespace hoist::orchestrator
