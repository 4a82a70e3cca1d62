#pragma once
// SPDX-License-Identifier: Apache-2.0
// From a decoded draft to the finished project: what is active, what is implied, what everything is called.

#include "compose/draft.h"
#include "compose/files.h"

namespace hoist::compose {

/// Drops services whose profiles are not enabled, and reports required dependencies on them.
void choose_services(Context& context, ProjectDraft& draft);
/// Reports each circle of dependencies once, with every edge. False if there is one.
bool check_cycles(Context& context, const ProjectDraft& draft);
/// Applies links, volumes_from, env_file, label_file, mac_address, --scale and the default network.
void apply_implied(Context& context, ProjectDraft& draft);
/// Checks what only the whole shows: references, contradictions, addresses, ports, files. (no host is looked at)
void check_project(Context& context, ProjectDraft& draft);
void check_networks(Context& context, const ProjectDraft& draft);
void check_host_ports(Context& context, const ProjectDraft& draft);
/// Names networks, volumes, configs, secrets and built images, and drops the objects that no service uses.
void finish(ProjectDraft& draft, bool keep_unused);

template <class Map>
std::vector<std::string> keys_of(const Map& map) {
    std::vector<std::string> keys;
    for (const auto& entry : map) keys.push_back(entry.first);
    return keys;
}

}  // namespace hoist::compose
