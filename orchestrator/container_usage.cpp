// SPDX-License-Identifier: Apache-2.0
// What a container uses: measured on a worker, when somebody asks.
#include "base/error.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/pidfd.h"

namespace hoist::orchestrator {

asio::awaitable<ContainerUsage> ContainerActor::usage() {
    const auto self = shared_from_this();
    const auto* up = std::get_if<Running>(&view_.state);
    if (!up) {
        ContainerUsage none;
        none.read = now();
        co_return none;
    }
    auto job = [layout = engine_.cgroups, path = engine_.cgroup_of(view_.id), pid = up->pid, process = process_,
                host_network = view_.spec.network_mode == "host"] {
        ContainerUsage usage;
        usage.running = true;
        usage.cgroup = runtime::measure(runtime::Cgroup::open(layout, path));
        usage.machine_cpu = runtime::machine_cpu_nanoseconds();
        if (!host_network) usage.networks = runtime::measure_network(pid);
        if (!process || has_ended(*process)) usage.networks.clear();  // the number may be another's by now
        usage.read = now();
        return usage;
    };
    auto usage = co_await on_pool(engine_.pool, std::move(job));
    co_return usage;
}

asio::awaitable<std::vector<runtime::ProcessFacts>> ContainerActor::processes() {
    const auto self = shared_from_this();
    if (!running()) fail(Kind::conflict, "container {} is not running", view_.name);
    auto job = [layout = engine_.cgroups, path = engine_.cgroup_of(view_.id)] {
        return runtime::list_processes(runtime::Cgroup::open(layout, path));
    };
    auto found = co_await on_pool(engine_.pool, std::move(job));
    publish("top");
    co_return found;
}

}  // namespace hoist::orchestrator
