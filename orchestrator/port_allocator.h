#pragma once
// SPDX-License-Identifier: Apache-2.0
// Which host ports a container gets: decided in one step over all of its ports. Pure.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/id.h"
#include "netmgr/address.h"
#include "netmgr/firewall.h"
#include "orchestrator/container.h"

namespace hoist::orchestrator {

/// A host port as it can collide: on all addresses, or on one.
struct HostPort {
    netmgr::Address address;
    std::uint16_t port = 0;
    netmgr::Protocol protocol = netmgr::Protocol::tcp;
    auto operator<=>(const HostPort&) const = default;
};
/// Whether both cannot be published: same port and protocol, and same address or one of them 0.0.0.0.
bool collide(const HostPort& left, const HostPort& right);

/// Host ports in use, with the container that has them.
using PortTable = std::map<HostPort, ContainerId>;

/// "tcp", "udp", "sctp". @throws Error(invalid)
netmgr::Protocol parse_protocol(const std::string& word);

/// Chooses host ports for all of `wanted`. A fixed port must be free; of a range, or of 32768..60999 when none was
/// named, the first free one is taken.
/// @param held_by  who outside of the table holds a port, in words; empty: nobody
/// @throws Error(conflict) that names the port and its owner
std::vector<PublishedPortState> allocate_ports(const std::vector<PortSpec>& wanted, const PortTable& used,
                                               const std::function<std::string(const ContainerId&)>& name_of,
                                               const std::function<std::string(const HostPort&)>& held_by);

HostPort host_port(const PublishedPortState& port);

}  // namespace hoist::orchestrator
