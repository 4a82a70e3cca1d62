// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/audit.h"

#include <csignal>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/engine_state.h"
#include "orchestrator/leftovers.h"

namespace hoist::orchestrator {
namespace {

using Findings = std::vector<AuditFinding>;

/// Rows of the database against the engine's memory.
struct Rows {
    std::vector<storage::ContainerRow> containers;
    std::vector<storage::NetworkRow> networks;
    std::vector<storage::LeaseRow> leases;
    std::vector<storage::VolumeRow> volumes;
};

void compare_rows(const Rows& rows, Engine::State& engine, Findings& findings) {
    std::set<ContainerId> stored;
    for (const auto& row : rows.containers) {
        stored.insert(row.id);
        if (engine.containers.count(row.id) == 0)
            findings.push_back({"container row " + row.name, "the engine does not know it"});
    }
    for (const auto& [id, actor] : engine.containers)
        if (stored.count(id) == 0) findings.push_back({"container " + actor->view().name, "it has no row"});
    for (const auto& row : rows.networks)
        if (engine.networks.all().count(row.id) == 0)
            findings.push_back({"network row " + row.name, "the engine does not know it"});
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& lease : rows.leases) {
        if (stored.count(lease.container) == 0)
            findings.push_back({"lease " + lease.address, "its container does not exist"});
        if (!seen.emplace(lease.network.str(), lease.address).second)
            findings.push_back({"lease " + lease.address, "it is given twice"});
    }
    for (const auto& row : rows.volumes)
        if (!engine.volumes.find(row.name))
            findings.push_back({"volume row " + row.name, "the engine does not know it"});
}

/// What the kernel must hold for containers that are up.
struct Expected {
    std::string name;
    ContainerId id;
    int pid = 0, monitor = 0;
    std::vector<std::string> links;
};

std::vector<Expected> expected_of(Engine::State& engine) {
    std::vector<Expected> list;
    for (const auto& [id, actor] : engine.containers) {
        const auto* up = std::get_if<Running>(&actor->view().state);
        if (!up) continue;
        Expected one{actor->view().name, id, up->pid, actor->view().monitor_pid, {}};
        for (const auto& endpoint : actor->view().endpoints)
            one.links.push_back(netmgr::veth_name(endpoint.network, id));
        list.push_back(std::move(one));
    }
    return list;
}

bool alive(int pid) {
    return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

void check_kernel(const std::vector<Expected>& up, const std::set<std::string>& links,
                  const std::set<std::string>& cgroups, Findings& findings) {
    for (const auto& container : up) {
        const auto name = "container " + container.name;
        if (!alive(container.pid)) findings.push_back({name, fmt::format("process {} does not exist", container.pid)});
        if (!alive(container.monitor))
            findings.push_back({name, fmt::format("monitor {} does not exist", container.monitor)});
        if (cgroups.count(container.id.str()) == 0) findings.push_back({name, "it has no cgroup"});
        for (const auto& link : container.links)
            if (links.count(link) == 0) findings.push_back({name, "link " + link + " does not exist"});
    }
}

/// Everything that is looked up outside of the engine's memory. Blocking.
Findings look(const storage::Layout& layout, const runtime::CgroupLayout& cgroups, const std::string& parent,
              netmgr::Links& links, const Owned& owned, const std::vector<Expected>& up,
              const std::vector<std::string>& bridges) {
    Findings findings;
    for (const auto& leftover : find_leftovers(layout, cgroups, parent, links, owned))
        findings.push_back({to_string(leftover), "nothing in the database owns it"});
    const auto there = links.ours();
    const std::set<std::string> names(there.begin(), there.end());
    for (const auto& bridge : bridges)
        if (names.count(bridge) == 0) findings.push_back({"network link " + bridge, "it does not exist"});
    check_kernel(up, names, cgroups_below(cgroups, parent), findings);
    for (const auto& id : owned.containers)
        if (!std::filesystem::exists(layout.container(ContainerId(id))))
            findings.push_back({"container " + id.substr(0, 12), "its directory does not exist"});
    for (const auto& volume : owned.volumes)
        if (!std::filesystem::exists(layout.volume_data(volume)))
            findings.push_back({"volume " + volume, "its directory does not exist"});
    return findings;
}

asio::awaitable<Findings> audit_once(Engine::State& engine) {
    Rows rows;
    auto write = [&rows](storage::Transaction& transaction) {
        rows = {transaction.containers(), transaction.networks(), transaction.leases(), transaction.volumes()};
    };
    co_await engine.commit(std::move(write));
    Findings findings;
    compare_rows(rows, engine, findings);
    std::vector<std::string> bridges;
    for (const auto& [id, network] : engine.networks.all()) bridges.push_back(network.bridge.bridge);
    auto work = [layout = engine.layout, cgroups = engine.cgroups, parent = engine.config.cgroup_parent,
                 &links = engine.networks.links(), owned = owned_by(engine, false), up = expected_of(engine),
                 bridges] { return look(layout, cgroups, parent, links, owned, up, bridges); };
    const auto looked = co_await on_pool(engine.pool, std::move(work));
    findings.insert(findings.end(), looked.begin(), looked.end());
    auto job = [&engine] { return engine.networks.firewall_intact(); };
    if (!bridges.empty() && !co_await on_pool(engine.pool, std::move(job)))
        findings.push_back({"nftables table inet hoist", "somebody changed or removed it"});
    co_return findings;
}

}  // namespace

asio::awaitable<std::vector<AuditFinding>> audit(Engine::State& engine) {
    // The kernel takes interfaces and processes apart in the background: what is on its way out is no finding.
    constexpr int looks = 10;
    Findings findings;
    for (int look = 0; look < looks; ++look) {
        findings = co_await audit_once(engine);
        if (findings.empty()) break;
        asio::steady_timer timer(engine.executor(), std::chrono::milliseconds(100));
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return findings;
}

}  // namespace hoist::orchestrator
