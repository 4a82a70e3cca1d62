#pragma once
// SPDX-License-Identifier: Apache-2.0
// The limits of a container: what may be asked together, and how a change is laid over what is there. Pure.

#include "orchestrator/container.h"

namespace hoist::orchestrator {

/// `base` with the fields that `change` has set. nano_cpus and cpu_quota with cpu_period are two ways to say the same:
/// a change of one takes the other away.
ResourceSpec merged(ResourceSpec base, const ResourceSpec& change);

/// @throws Error(invalid) for limits that exclude each other, or that no container can live with
void check_resources(const ResourceSpec& resources);

}  // namespace hoist::orchestrator
