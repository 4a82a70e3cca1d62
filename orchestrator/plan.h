#pragma once
// SPDX-License-Identifier: Apache-2.0
// What has to be done to turn what is there into what is wanted: decided purely, as data.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "compose/model.h"
#include "orchestrator/container.h"
#include "orchestrator/engine.h"

namespace hoist::orchestrator {

/// What a project's objects look like now, read once from the engine.
struct ObservedContainer {
    ContainerId id;
    std::string name, service, config_hash, image_id;
    int number = 1;
    bool one_off = false;
    State state;
    Health health = Health::none;
    bool has_healthcheck = false;
    std::map<std::string, std::string> networks;  ///< network name -> address
};
struct Observed {
    std::vector<ObservedContainer> containers;  ///< of the project
    std::vector<NetworkView> networks;          ///< all that the project names
    std::vector<VolumeView> volumes;
    std::map<std::string, std::string> image_ids;       ///< reference -> id, for those that exist
    std::set<std::string> images_with_healthcheck;      ///< references
};

using StepId = std::size_t;

struct CreateNetwork { std::string key; };
struct RemoveNetwork { std::string name; };
struct CreateVolume { std::string key; };
struct RemoveVolume { std::string name; };
/// Makes container `name` of a service; `replaces` is stopped and removed right before it (address and name are then
/// free), its anonymous volumes are inherited.
struct CreateContainer {
    std::string service, name;
    int number = 1;
    std::optional<ContainerId> replaces;
};
struct StartContainer { std::string service, name; };
/// Waits until a container meets a condition of another service's depends_on (or of --wait).
struct AwaitCondition {
    std::string service, name;
    compose::Dependency::Condition condition;
    bool required = true;
};
struct StopContainer { std::string service, name; ContainerId id; };
struct RemoveContainer { std::string service, name; ContainerId id; };
using Action = std::variant<CreateNetwork, RemoveNetwork, CreateVolume, RemoveVolume, CreateContainer, StartContainer,
                            AwaitCondition, StopContainer, RemoveContainer>;

struct Step {
    Action action;
    std::string cause;          ///< "no container", "image changed: sha256:1.. -> sha256:2..", "environment changed"
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

/// "0 create network back after []: not found\n..."
std::string to_string(const Plan& plan);
Json to_json(const Plan& plan);

/// What the engine is asked to create for replica `number` of a service. Pure.
/// @param networks  network key -> id, for those the service joins
ContainerSpec container_spec(const compose::Project& project, const compose::Service& service, int number,
                             const std::map<std::string, NetworkId>& networks);
NetworkSpec network_spec(const compose::Project& project, const compose::Network& network);
VolumeSpec volume_spec(const compose::Project& project, const compose::Volume& volume);

}  // namespace hoist::orchestrator
