#pragma once
// SPDX-License-Identifier: Apache-2.0
// The container's root: mounted in the container's own mount namespace, then made "/".

#include "base/path.h"
#include "runtime/container.h"

namespace hoist::runtime::init {

/// Takes the mount namespace out of the host's propagation and mounts the root file system, unreachable from the
/// host. @return its top directory, through which alone everything below is looked up
RootDir mount_root(const Config& config, const RootFs& root);

/// Makes the root "/" and lets go of the host's. With `no_pivot` by moving the mount, for roots on a ramfs.
void enter_root(const RootDir& root, bool no_pivot);

/// Applies root.readonly and linux.rootfsPropagation, once nothing more has to be made inside.
void finish_root(const Config& config);

}  // namespace hoist::runtime::init
