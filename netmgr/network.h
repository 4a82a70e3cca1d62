#pragma once
// SPDX-License-Identifier: Apache-2.0
// Networks in the kernel: bridges, veth pairs, addresses, namespaces. Blocking calls (a few hundred microseconds each),
// thread-safe, idempotent.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/id.h"
#include "netmgr/address.h"

namespace hoist::netmgr {

struct BridgeNetwork {
    NetworkId id;
    std::string name;
    std::string bridge;  ///< link name, at most 15 characters: bridge_name(id)
    Subnet subnet;
    Address gateway;        ///< the bridge's own address
    bool internal = false;  ///< no way out, no default route
    bool masquerade = true;
    bool inter_container = true;
    int mtu = 1500;
};
/// "hb-" and the first twelve digits of the id.
std::string bridge_name(const NetworkId& id);

/// One container's interface on one network.
struct Endpoint {
    NetworkId network;
    ContainerId container;
    Address address;
    std::string mac;             ///< "02:42:..." ; empty: made from the address
    std::string interface_name;  ///< "eth0"
    bool default_route = false;
};
std::string mac_of(const Address& address);
/// The host's end of an endpoint's veth pair, derived from both ids: at most 15 characters.
std::string veth_name(const NetworkId& network, const ContainerId& container);

/// Makes a network namespace with loopback up. The descriptor alone keeps it alive. accept_ra is off in it (SEC-50).
Fd make_network_namespace();

class Links {
public:
    Links();
    ~Links();
    /// Makes the bridge with its address, up; or leaves it when it is right already.
    void ensure_bridge(const BridgeNetwork& network);
    void remove_bridge(const BridgeNetwork& network);  ///< absent is fine
    /// Plugs a namespace into a network: veth pair (one netlink message), address, routes, up.
    /// On failure nothing is left. @throws Error
    void attach(const Fd& netns, const BridgeNetwork& network, const Endpoint& endpoint);
    /// Unplugs it (the interface goes with its address). Absent is fine.
    void detach(const Endpoint& endpoint);
    /// Makes an endpoint that is plugged in already the namespace's way out.
    void route_through(const Fd& netns, const BridgeNetwork& network, const Endpoint& endpoint);
    /// Names of all links of ours ("hb-", "hv-") in this namespace, for the reconciler.
    std::vector<std::string> ours();
    void remove_link(const std::string& name);
    /// All IPv4 subnets that the host's routes and addresses cover, for choosing a free one.
    std::vector<Subnet> host_subnets();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Turns IPv4 forwarding on in this network namespace, if it is off.
void enable_forwarding();

}  // namespace hoist::netmgr
