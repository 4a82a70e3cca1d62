// SPDX-License-Identifier: Apache-2.0
// Containers of a service for one command (`run`).
#include "base/error.h"
#include "base/id.h"
#include "orchestrator/engine_hands.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {

asio::awaitable<ContainerId> EngineHands::create_one_off(std::string service_name, std::string name, bool auto_remove,
                                                         bool use_aliases, bool stdin_once) {
    const auto& service = project_.services.at(service_name);
    const std::string reference = image_name(project_, service);
    const auto image = engine_.images().find(reference);
    if (!image)
        fail(Kind::not_found, "image {} of service {} is missing: pull, build or import it first", reference,
             service_name);
    if (service.network_mode.empty())
        for (const auto& [key, joined] : service.networks)
            if (!project_.networks.at(key).external) {
                const CreateNetwork network{key};
                co_await act(network);
            }
    for (const auto& mount : service.mounts)
        if (mount.type == compose::Mount::Type::volume && project_.volumes.count(mount.source) &&
            !project_.volumes.at(mount.source).external) {
            const CreateVolume volume{mount.source};
            co_await act(volume);
        }
    const std::string slug = random_hex_id().substr(0, 12);
    CreateContainer step{service_name, name, 1, {}};
    if (step.name.empty()) step.name = project_.name + "-" + service_name + "-run-" + slug;
    auto spec = specification(step, *image);
    spec.labels[label::one_off] = "True";
    spec.labels[label::slug] = slug;
    spec.auto_remove = auto_remove, spec.stdin_once = stdin_once;
    for (auto& endpoint : spec.endpoints)
        if (!use_aliases) endpoint.aliases = {step.name};
    co_return co_await engine_.create(std::move(spec), step.name);
}

}  // namespace hoist::orchestrator
