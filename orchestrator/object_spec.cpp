// SPDX-License-Identifier: Apache-2.0
// Networks and volumes of a project.
#include "base/json.h"
#include "base/sha256.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {

std::string network_name(const compose::Project& project, const compose::Network& network) {
    if (!network.name.empty()) return network.name;
    return network.external ? network.key : project.name + "_" + network.key;
}

std::string volume_name(const compose::Project& project, const compose::Volume& volume) {
    if (!volume.name.empty()) return volume.name;
    return volume.external ? volume.key : project.name + "_" + volume.key;
}

std::string network_hash(const compose::Network& network) {
    Json ipam = Json::array();
    for (const auto& pool : network.ipam)
        ipam.push_back({pool.subnet, pool.ip_range, pool.gateway, Json(pool.aux_addresses)});
    const Json text = {network.driver.empty() ? "bridge" : network.driver,
                       network.internal,
                       network.enable_ipv6,
                       Json(network.driver_opts),
                       Json(network.labels),
                       ipam};
    Sha256 hash;
    hash.update(text.dump(-1, ' ', false, Json::error_handler_t::replace));
    return hash.finish();
}

NetworkSpec network_spec(const compose::Project& project, const compose::Network& network) {
    NetworkSpec spec;
    spec.name = network_name(project, network);
    spec.project = project.name;
    if (!network.driver.empty()) spec.driver = network.driver;
    if (!network.ipam.empty()) {
        spec.subnet = network.ipam.front().subnet;
        spec.gateway = network.ipam.front().gateway;
        spec.ip_range = network.ipam.front().ip_range;
    }
    spec.internal = network.internal;
    spec.options = network.driver_opts;
    spec.labels = network.labels;
    spec.labels[label::project] = project.name;
    spec.labels[label::network] = network.key;
    spec.labels[label::config_hash] = network_hash(network);
    spec.labels[label::version] = HOIST_VERSION;
    return spec;
}

VolumeSpec volume_spec(const compose::Project& project, const compose::Volume& volume) {
    VolumeSpec spec;
    spec.name = volume_name(project, volume);
    spec.project = project.name;
    if (!volume.driver.empty()) spec.driver = volume.driver;
    spec.options = volume.driver_opts;
    spec.labels = volume.labels;
    spec.labels[label::project] = project.name;
    spec.labels[label::volume] = volume.key;
    spec.labels[label::version] = HOIST_VERSION;
    return spec;
}

}  // namespace hoist::orchestrator
