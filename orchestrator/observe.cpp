// SPDX-License-Identifier: Apache-2.0
// Reading the engine into plain values.
#include <algorithm>
#include <tuple>

#include "orchestrator/observed.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {
namespace {

bool belongs_to(const std::map<std::string, std::string>& labels, const std::string& project) {
    const auto found = labels.find(label::project);
    return found != labels.end() && found->second == project;
}

template <class View, class Names>
std::vector<View> belonging(const std::vector<View>& all, const std::string& project, const Names& names) {
    std::vector<View> found;
    for (const auto& view : all)
        if (belongs_to(view.spec.labels, project) || names.count(view.spec.name)) found.push_back(view);
    return found;
}

void observe_images(Observed& seen, Engine& engine, const compose::Project& wanted) {
    for (const auto& [name, service] : wanted.services) {
        const std::string reference = image_name(wanted, service);
        const auto image = engine.images().find(reference);
        if (!image) continue;
        seen.image_ids[reference] = image->id;
        const auto& check = image->config.healthcheck;
        if (check && !check->test.empty() && check->test.front() != "NONE")
            seen.images_with_healthcheck.insert(reference);
    }
}

}  // namespace

Observed observe(Engine& engine, const std::string& project, const compose::Project* wanted) {
    Observed seen;
    std::set<std::string> networks, volumes;
    if (wanted) {
        for (const auto& [key, network] : wanted->networks) networks.insert(network_name(*wanted, network));
        for (const auto& [key, volume] : wanted->volumes) volumes.insert(volume_name(*wanted, volume));
        observe_images(seen, engine, *wanted);
    }
    seen.networks = belonging(engine.networks(), project, networks);
    seen.volumes = belonging(engine.volumes(), project, volumes);
    for (const auto& view : engine.list()) {
        if (!belongs_to(view.spec.labels, project)) continue;
        seen.containers.push_back(observed_container(view));
        if (!view.spec.files.empty()) seen.containers.back().file_digests = engine.file_digests(view.id);
        // A container that never ran holds no address yet, but is attached all the same.
        for (const auto& endpoint : view.spec.endpoints)
            for (const auto& network : seen.networks)
                if (network.id == endpoint.network) seen.containers.back().networks.try_emplace(network.spec.name);
    }
    std::sort(seen.containers.begin(), seen.containers.end(), [](const auto& left, const auto& right) {
        return std::tie(left.service, left.number, left.name) < std::tie(right.service, right.number, right.name);
    });
    return seen;
}

}  // namespace hoist::orchestrator
