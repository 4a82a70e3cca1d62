#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a project's objects look like now: the second argument of every plan.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compose/model.h"
#include "orchestrator/container.h"
#include "orchestrator/engine.h"

namespace hoist::orchestrator {

struct ObservedContainer {
    ContainerId id;
    std::string name, service, config_hash, image_id;
    int number = 1;
    bool one_off = false;
    State state;
    Health health = Health::none;
    bool has_healthcheck = false;
    std::map<std::string, std::string> networks;  ///< network name -> address
    std::string working_dir;   ///< of the project that made it: another one is a foreign project (see plan_up)
    std::string network_mode;  ///< "bridge", "host", "none", "container:<id>"
    std::string ipc_mode, pid_mode, uts_mode;
    std::map<std::string, std::string> file_digests;  ///< target -> SHA-256 of what it was last given there
    bool stopped_by_user = false;
    RestartSpec::Name restart = RestartSpec::Name::no;
    std::map<std::string, compose::Dependency> depends_on;  ///< as its label says, for when there is no model
};

struct Observed {
    std::vector<ObservedContainer> containers;  ///< of the project
    std::vector<NetworkView> networks;          ///< all that the project names
    std::vector<VolumeView> volumes;
    std::map<std::string, std::string> image_ids;   ///< reference -> id, for those that exist
    std::set<std::string> images_with_healthcheck;  ///< references
    /// The model applied last, if known: lets a plan say which attribute changed.
    std::optional<compose::Project> applied;
};

/// Reads the engine once: containers by label, networks and volumes by label and by the names in `wanted`, images by
/// the names in `wanted`.
Observed observe(Engine& engine, const std::string& project, const compose::Project* wanted);
/// The part of it that is pure.
ObservedContainer observed_container(const ContainerView& view);
bool is_running(const ObservedContainer& container);
/// Whether it ended well by itself and nothing will start it again: a job that is done.
bool is_finished_job(const ObservedContainer& container);

/// "db:service_healthy:false,cache:service_started:true", as docker compose labels its containers.
std::string depends_on_label(const std::map<std::string, compose::Dependency>& dependencies);
std::map<std::string, compose::Dependency> parse_depends_on_label(const std::string& text);

}  // namespace hoist::orchestrator
