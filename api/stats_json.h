#pragma once
// SPDX-License-Identifier: Apache-2.0
// GET /containers/{id}/stats: what Docker's clients make their tables of.

#include "base/json.h"
#include "orchestrator/engine.h"

namespace hoist::api {

/// @param before  the sample that rates are computed from; a default one if there is none
Json stats_json(const orchestrator::ContainerView& view, const orchestrator::ContainerUsage& usage,
                const orchestrator::ContainerUsage& before);

}  // namespace hoist::api
