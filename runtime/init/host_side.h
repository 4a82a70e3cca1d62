#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is made with the host's rights for a container in a user namespace, whose process has none of them: trees of the
// host's files, device nodes, file systems of namespaces that are not its own. All of it is made unattached and
// inherited as descriptors; the container's process puts it in place.

#include <vector>

#include "runtime/container.h"

namespace hoist::runtime::init {

struct HostSide {
    std::vector<Fd> id_maps;  ///< by mount: the user namespace of an id-mapped one
    // Filled for a container with a user namespace:
    Fd root;                 ///< the root file system
    std::vector<Fd> mounts;  ///< by mount; empty: the container's process makes it
    Fd devices;              ///< a file system with a node per device, "0", "1", ...: the standard ones come first
};

/// The user namespaces behind linux.mounts that are id-mapped. @param own  the container's, if it has one
std::vector<Fd> open_id_maps(const Config& config, const Fd& own);

/// Makes root, mounts and devices. @param foreign_network  the process is in a network namespace that is not the
/// container's own, which only the host may look into @param pid_namespace  one of others, whose procfs only the host
/// may make; empty: there is none
void make_host_side(const CreateOptions& options, bool foreign_network, const Fd& pid_namespace, HostSide& side);

}  // namespace hoist::runtime::init
