#pragma once
// SPDX-License-Identifier: Apache-2.0
// The body of POST /containers/create, read.

#include "base/json.h"
#include "orchestrator/container.h"

namespace hoist::api {

/// What a create body asks for. Endpoints are left to be filled in: see asked_endpoints.
/// @throws Error(invalid) that names the field
orchestrator::ContainerSpec container_spec_from_docker(const Json& body);

/// The limits of a HostConfig or an update's body; 0 is "not given", as Docker's clients write it.
orchestrator::ResourceSpec resources_from_docker(const Json& object);
/// object.RestartPolicy; an absent one is "no".
orchestrator::RestartSpec restart_from_docker(const Json& object);

/// object.ConsoleSize, [rows, columns]; anything else, as clients without a terminal send it, is no size.
orchestrator::TerminalSize console_size(const Json& object);

/// A network that the body names, with the endpoint's settings; `network` is a name or an id as the client wrote it.
struct AskedEndpoint {
    std::string network;
    orchestrator::EndpointSpec settings;
};
/// @param settings  an EndpointSettings object, or null
AskedEndpoint asked_endpoint(const std::string& network, const Json& settings);
/// Of NetworkingConfig and HostConfig.NetworkMode; empty for host, none and container:x.
std::vector<AskedEndpoint> asked_endpoints(const Json& body);

}  // namespace hoist::api
