#pragma once
// SPDX-License-Identifier: Apache-2.0
// What has to be done to turn what is there into what is wanted: decided purely, as data.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compose/model.h"
#include "orchestrator/container.h"
#include "orchestrator/observed.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {

using StepId = std::size_t;

struct CreateNetwork {
    std::string key;
};
struct RemoveNetwork {
    std::string name;
};
struct CreateVolume {
    std::string key;
};
struct RemoveVolume {
    std::string name;
};
/// Makes container `name` of a service; `replaces` is stopped and removed right before it (address and name are then
/// free), its anonymous volumes are inherited.
struct CreateContainer {
    std::string service, name;
    int number = 1;
    std::optional<ContainerId> replaces;
};
struct StartContainer {
    std::string service, name;
};
/// Waits until a container meets a condition of another service's depends_on (or of --wait).
struct AwaitCondition {
    std::string service, name;
    compose::Dependency::Condition condition;
    bool required = true;
};
struct StopContainer {
    std::string service, name;
    ContainerId id;
};
struct RemoveContainer {
    std::string service, name;
    ContainerId id;
};
/// Gives a container the present content of secrets and configs, and does what `x-on-change` says of them.
struct UpdateFiles {
    std::string service, name;
    ContainerId id;
    std::vector<std::string> targets;
};
using Action = std::variant<CreateNetwork, RemoveNetwork, CreateVolume, RemoveVolume, CreateContainer, StartContainer,
                            AwaitCondition, StopContainer, RemoveContainer, UpdateFiles>;

struct Step {
    Action action;
    std::string cause;  ///< "no container", "image changed: sha256:1.. -> sha256:2..", "environment changed"
    std::vector<StepId> after;
};
struct Plan {
    std::vector<Step> steps;
    bool changes() const;  ///< whether anything but waiting is in it
};

enum class Recreate { if_changed, always, never };
struct UpOptions {
    Recreate recreate = Recreate::if_changed;
    std::vector<std::string> services;  ///< empty: all; dependencies come along unless no_deps
    bool no_deps = false, no_start = false, wait = false, remove_orphans = false;
    bool always_recreate_deps = false;            ///< with Recreate::always: also what the named services depend on
    bool renew_volumes = false;                   ///< anonymous volumes begin empty instead of being inherited
    std::optional<std::chrono::seconds> timeout;  ///< for stopping what is replaced
};
struct DownOptions {
    bool volumes = false, remove_orphans = false;
    std::vector<std::string> services;
    std::optional<std::chrono::seconds> timeout;
};

/// What `up` has to do. Looks at nothing else: equal arguments give equal plans.
/// @throws Error(not_found) naming every missing image and how to get one; Error(invalid) for what cannot be satisfied
Plan plan_up(const compose::Project& wanted, const Observed& seen, const UpOptions& how);
/// Dependents first, then what they depend on, then networks, then (if asked) volumes.
Plan plan_down(const std::string& project, const std::optional<compose::Project>& wanted, const Observed& seen,
               const DownOptions& how);
/// start, stop and restart of existing containers, in dependency order.
Plan plan_start(const compose::Project& wanted, const Observed& seen, const std::vector<std::string>& services);
Plan plan_stop(const compose::Project& wanted, const Observed& seen, const std::vector<std::string>& services);

/// What the daemon starts after a crash or reboot: containers whose restart policy says so and that the user did not
/// stop, what they need, in dependency order. Nobody waits for what will not run.
Plan plan_bring_back(const compose::Project& wanted, const Observed& seen);
/// The model applied last, with the services that only the containers' labels know.
compose::Project known_model(const std::string& name, const std::optional<compose::Project>& desired,
                             const Observed& seen);

/// An action in words: {"create", "network", "back"}, {"await", "container", "db-1", service "db", condition
/// "healthy"}.
struct Description {
    std::string verb, kind, name, service, condition;
};
Description describe(const Action& action);

/// "0 create network back after []: not found\n..."
std::string to_string(const Plan& plan);
Json to_json(const Plan& plan);

}  // namespace hoist::orchestrator
