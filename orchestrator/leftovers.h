#pragma once
// SPDX-License-Identifier: Apache-2.0
// Objects of ours, on disk and in the kernel, that no row owns. Blocking.

#include <set>
#include <string>
#include <vector>

#include "netmgr/network.h"
#include "orchestrator/engine.h"
#include "runtime/cgroup.h"
#include "storage/layout.h"

namespace hoist::orchestrator {

/// What the rows say should exist.
struct Owned {
    std::set<std::string> containers;  ///< ids
    std::set<std::string> volumes;
    std::set<std::string> links;  ///< bridges, and host ends of endpoints
};

struct Leftover {
    enum class Kind { container_directory, run_directory, volume, cgroup, link } kind;
    std::string name;  ///< id, volume, path below the cgroup parent, link
};
std::vector<Leftover> find_leftovers(const storage::Layout& layout, const runtime::CgroupLayout& cgroups,
                                     const std::string& cgroup_parent, netmgr::Links& links, const Owned& owned);
/// Ends and removes one. @throws Error
void remove_leftover(const Leftover& leftover, const storage::Layout& layout, const runtime::CgroupLayout& cgroups,
                     const std::string& cgroup_parent, netmgr::Links& links);
/// "cgroup /hoist/3f2a...", "link hv-..."
std::string to_string(const Leftover& leftover);

/// The ids of all containers' cgroups below the parent, over all hierarchies.
std::set<std::string> cgroups_below(const runtime::CgroupLayout& cgroups, const std::string& parent);
/// @param of_stopped  whether a stopped container owns interfaces too: one that has just stopped may still have them,
///                    since the kernel takes them down in the background
Owned owned_by(Engine::State& engine, bool of_stopped);

}  // namespace hoist::orchestrator
