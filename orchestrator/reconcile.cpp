// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/reconcile.h"

#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"
#include "orchestrator/create.h"
#include "orchestrator/engine_state.h"
#include "orchestrator/leftovers.h"
#include "storage/container_root.h"

namespace hoist::orchestrator {
namespace {

ImageFacts image_of(Engine::State& engine, const ContainerView& view) {
    const auto image = engine.images.find(view.spec.image_id);
    if (image) return image_facts(engine, *image);
    spdlog::error("{}: its image {} is gone; it cannot be started", view.name, view.spec.image);
    return {};
}

/// Steps of builds that ended with the last daemon: their rows go at once, the rest as leftovers.
template <class Rows>
void drop_build_steps(Engine::State& engine, Rows& rows) {
    std::vector<ContainerId> steps;
    std::erase_if(rows.containers, [&](const storage::ContainerRow& row) {
        const auto spec = Json::parse(row.spec, nullptr, false);
        const bool step = spec.is_object() && spec.value("of_build", false);
        if (step) steps.push_back(row.id);
        return step;
    });
    if (steps.empty()) return;
    std::erase_if(rows.leases, [&](const storage::LeaseRow& lease) {
        return std::find(steps.begin(), steps.end(), lease.container) != steps.end();
    });
    engine.database.run([&](storage::Transaction& transaction) {
        for (const auto& id : steps) transaction.remove_container(id);
    });
}

void load_containers(Engine::State& engine, const std::vector<storage::ContainerRow>& rows) {
    for (const auto& row : rows) {
        try {
            auto view = view_of(row);
            view.log_directory = engine.layout.container(view.id);
            auto facts = image_of(engine, view);
            engine.names.emplace(view.name, view.id);
            engine.containers.emplace(row.id,
                                      std::make_shared<ContainerActor>(engine, std::move(view), std::move(facts)));
        } catch (const Error& error) {
            spdlog::error("{}: its row cannot be read: {}", row.name, error.what());
        }
    }
}

/// What a crash left behind: removed on a worker, all of it, each failure told.
asio::awaitable<void> remove_leftovers(Engine::State& engine) {
    std::map<ContainerId, std::vector<std::string>> roots;
    for (const auto& [id, actor] : engine.containers) roots.emplace(id, actor->image().lower);
    auto work = [roots = std::move(roots), layout = engine.layout, cgroups = engine.cgroups,
                 parent = engine.config.cgroup_parent, &links = engine.networks.links(),
                 owned = owned_by(engine, true)] {
        for (const auto& leftover : find_leftovers(layout, cgroups, parent, links, owned)) {
            try {
                spdlog::warn("{}: no container owns it; removed", to_string(leftover));
                remove_leftover(leftover, layout, cgroups, parent, links);
            } catch (const Error& error) {
                spdlog::error("{}: {}", to_string(leftover), error.what());
            }
        }
        for (const auto& [id, lower] : roots)  // a crash between row and directory
            if (!lower.empty() && ::access(layout.container(id).c_str(), F_OK) != 0)
                storage::make_container_root(layout, id, lower);
    };
    co_await on_pool(engine.pool, std::move(work));
    engine.trash.wake();
}

}  // namespace

NetworkView view_of(const Network& network) {
    auto view = network.view;
    for (const auto& [address, container] : network.leases) view.containers.push_back(container);
    return view;
}

void load(Engine::State& engine) {
    struct Rows {
        std::vector<storage::ContainerRow> containers;
        std::vector<storage::NetworkRow> networks;
        std::vector<storage::LeaseRow> leases;
        std::vector<storage::VolumeRow> volumes;
    } rows;
    engine.database.run([&rows](storage::Transaction& transaction) {
        rows = {transaction.containers(), transaction.networks(), transaction.leases(), transaction.volumes()};
    });
    drop_build_steps(engine, rows);
    engine.networks.load(rows.networks, rows.leases);
    engine.volumes.load(rows.volumes);
    load_containers(engine, rows.containers);
}

asio::awaitable<void> reconcile(Engine::State& engine) {
    engine.reconciling = true;
    engine.networks.hold_names();
    std::vector<std::shared_ptr<ContainerActor>> actors;
    for (const auto& [id, actor] : engine.containers) actors.push_back(actor);
    std::vector<Result<void>> adopted;
    for (const auto& actor : actors) adopted.push_back(engine.tasks.begin(actor->adopt(), actor->view().name));
    for (std::size_t i = 0; i < adopted.size(); ++i) {
        try {
            co_await adopted[i].get();
        } catch (const Error& error) {
            spdlog::error("{}: adopt: {}", actors[i]->view().name, error.what());
        }
    }
    engine.networks.answer_names();
    try {
        co_await engine.networks.ensure_all();
    } catch (const Error& error) {
        spdlog::error("networks: {}", error.what());
    }
    co_await remove_leftovers(engine);
    engine.reconciling = false;
    for (const auto& actor : actors) actor->start_with_daemon();
}

}  // namespace hoist::orchestrator
