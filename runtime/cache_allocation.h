#pragma once
// SPDX-License-Identifier: Apache-2.0
// Processor caches and memory bandwidth of a container: groups of the resctrl file system. (linux.intelRdt)
// @see Linux Documentation/filesystems/resctrl.rst

#include <sys/types.h>

#include <string>

#include "runtime/oci.h"

namespace hoist::runtime {

/// Where resctrl is mounted; empty: nowhere.
std::string resctrl_mount();

/// Puts a process into the group that is asked for, which is made unless it is there.
/// @param mount  where resctrl is @param id  the container's, which names its group if nothing else does
/// @return the directory that has been made, to be removed with the container; empty if none has
/// @throws Error that names linux.intelRdt
std::string join_cache_group(const std::string& mount, const CacheAllocation& wanted, const std::string& id, pid_t pid);

}  // namespace hoist::runtime
