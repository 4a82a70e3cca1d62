#pragma once
// SPDX-License-Identifier: Apache-2.0
// The container's root: mounted in the container's own mount namespace, then made "/".

#include "base/path.h"
#include "runtime/container.h"

namespace hoist::runtime::init {

/// Takes the mount namespace out of the host's propagation and mounts the root file system, unreachable from the
/// host. @return its top directory, through which alone everything below is looked up
RootDir mount_root(const Config& config, const RootFs& root);
/// The same with a root that is made already.
RootDir attach_root(const Config& config, Fd made);
/// The root file system, attached nowhere.
Fd make_root(const Config& config, const RootFs& root);

/// How the root becomes "/".
enum class RootChange {
    pivot,  ///< pivot_root(2)
    move,   ///< by moving the mount, for roots on a ramfs
    chroot  ///< in a mount namespace of others, whose root stays what it is
};
void enter_root(const RootDir& root, RootChange change);

/// Applies root.readonly and linux.rootfsPropagation, once nothing more has to be made inside.
void finish_root(const Config& config);

}  // namespace hoist::runtime::init
