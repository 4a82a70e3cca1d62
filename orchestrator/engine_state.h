#pragma once
// SPDX-License-Identifier: Apache-2.0
// The parts that the engine is made of, for its own sources.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "orchestrator/blocking.h"
#include "orchestrator/builds.h"
#include "orchestrator/engine.h"
#include "orchestrator/networks.h"
#include "orchestrator/seccomp_files.h"
#include "orchestrator/sync.h"
#include "orchestrator/tasks.h"
#include "orchestrator/volumes.h"
#include "registry/client.h"
#include "runtime/cgroup.h"

namespace hoist::orchestrator {

class ContainerActor;
struct ExecRecord;

/// Deletes what was renamed into the trash, in the background and not while something starts.
class Trash {
public:
    explicit Trash(Engine::State& engine) : engine_(engine) {}
    void wake();

private:
    asio::awaitable<void> empty();
    Engine::State& engine_;
    bool awake_ = false, more_ = false;
};

struct Engine::State {
    State(asio::io_context& where, EngineConfig how);

    asio::io_context& context;
    EngineConfig config;
    storage::Layout layout;
    asio::thread_pool pool;
    EventLog events;
    TaskList tasks;
    storage::Database database;
    storage::ImageStore images;
    registry::Client registry;
    SeccompFiles seccomp;
    runtime::CgroupLayout cgroups;
    Semaphore starters;
    storage::KeptObjects secrets, configs;
    Networks networks;
    Volumes volumes;
    Trash trash;
    std::map<ContainerId, std::shared_ptr<ContainerActor>> containers;
    std::map<std::string, ContainerId> names;
    std::map<ExecId, std::shared_ptr<ExecRecord>> execs;
    bool reconciling = false;
    Builds builds;  ///< last: their threads use the rest

    asio::any_io_executor executor() { return context.get_executor(); }
    /// Runs `work` in a transaction and returns when it is on the disk. Not cut short by cancellation.
    asio::awaitable<void> commit(std::function<void(storage::Transaction&)> work);
    /// @throws Error(not_found)
    std::shared_ptr<ContainerActor> actor(const ContainerId& id) const;
    std::string name_of(const ContainerId& id) const;
    std::string cgroup_of(const ContainerId& id) const { return config.cgroup_parent + "/" + id.str(); }
};

}  // namespace hoist::orchestrator
