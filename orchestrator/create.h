#pragma once
// SPDX-License-Identifier: Apache-2.0
// Making a container: checked, named, addressed, stored in one transaction, with its directories.

#include <string>

#include "orchestrator/engine.h"

namespace hoist::orchestrator {

struct ImageFacts;

/// @throws Error(invalid, not_found, conflict); then nothing is left
asio::awaitable<ContainerId> create_container(Engine::State& engine, ContainerSpec spec, std::string name);
/// The same for a step of a build: `facts` are those of no image that is recorded.
asio::awaitable<ContainerId> create_build_container(Engine::State& engine, ContainerSpec spec, ImageFacts facts);
/// @throws Error(invalid)
void check_container_name(const std::string& name);
/// Takes an address on a network, in memory. @param others  the container's endpoints so far
/// @throws Error(not_found, conflict, invalid)
EndpointState lease_endpoint(Engine::State& engine, const ContainerId& id, EndpointSpec& wanted,
                             const std::vector<EndpointState>& others);
/// What a container needs of its image. @throws Error(not_found)
ImageFacts image_facts(Engine::State& engine, const storage::Image& image);

}  // namespace hoist::orchestrator
