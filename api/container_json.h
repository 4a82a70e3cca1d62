#pragma once
// SPDX-License-Identifier: Apache-2.0
// Containers as Docker's clients read them.

#include <string>

#include "base/json.h"
#include "orchestrator/engine.h"

namespace hoist::api {

/// An entry of GET /containers/json. `volumes`: the directory of all volumes
Json container_summary(const orchestrator::ContainerView& view, TimePoint present, const std::string& volumes);
/// GET /containers/{id}/json
Json container_details(const orchestrator::ContainerView& view, const orchestrator::Engine& engine);

/// "Up 2 minutes (healthy)", "Exited (0) 3 hours ago"
std::string status_text(const orchestrator::ContainerView& view, TimePoint present);

Json host_config_json(const orchestrator::ContainerSpec& spec);
/// NetworkSettings.Networks
Json networks_json(const orchestrator::ContainerView& view);
/// Mounts, with sources of volumes below `volumes`
Json mounts_json(const orchestrator::ContainerSpec& spec, const std::string& volumes);

}  // namespace hoist::api
