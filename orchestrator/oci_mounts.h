#pragma once
// SPDX-License-Identifier: Apache-2.0
// The mounts of a container, in the order in which they are made. Pure.

#include "orchestrator/oci_spec.h"

namespace hoist::orchestrator {

/// Adds volumes, binds, tmpfs, /dev/shm's size, the three network files and given files to a default configuration.
/// A mount of the user's replaces a default one at the same place; parents come before what lies in them.
void add_mounts(runtime::Config& config, const ContainerSpec& spec, const StartFacts& facts);

}  // namespace hoist::orchestrator
