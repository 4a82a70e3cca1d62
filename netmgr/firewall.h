#pragma once
// SPDX-License-Identifier: Apache-2.0
// The one nftables table of ours, `table inet hoist`: decided as text, applied in one transaction.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "netmgr/network.h"

namespace hoist::netmgr {

enum class Protocol { tcp, udp, sctp };

/// One published port: host address and port to a container's.
struct PublishedPort {
    Address host_address;  ///< 0.0.0.0: every address of this host, loopback included
    std::uint16_t host_port = 0;
    Protocol protocol = Protocol::tcp;
    NetworkId network;  ///< the endpoint's network
    Address container_address;
    std::uint16_t container_port = 0;
    auto operator<=>(const PublishedPort&) const = default;
};

/// Everything that the table says.
struct FirewallState {
    std::vector<BridgeNetwork> networks;
    std::vector<PublishedPort> ports;
};

/// The whole table as an nft script that replaces it atomically. Equal arguments give equal text. Rules (SEC-46..48):
/// not published = not reachable from outside or from other bridges; ports published on 127.0.0.1 are closed to
/// others; internal networks have no way out; masquerade; hairpin (a container reaches its own published port);
/// 127.0.0.1 on the host reaches published ports without a proxy (DNAT in output, route_localnet on our bridges only,
/// outside packets to 127/8 dropped). Ports are elements of maps, so that one more port is no further rule.
std::string render_ruleset(const FirewallState& state);

/// Applies states; keeps the last one, sends only the difference when it is small, and can tell whether somebody
/// flushed ours.
class Firewall {
public:
    Firewall();
    ~Firewall();
    /// Makes the kernel's table say `state`. @throws Error with nft's words; the old table is then unchanged
    void apply(const FirewallState& state);
    /// Removes our table; absent is fine.
    void remove();
    /// Whether the table is in the kernel and complete (chains, maps, element counts).
    bool intact();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Who holds a host port already: a listening socket of another process, in words ("nginx, pid 812"), else empty.
/// (Checked by binding, then looked up in /proc/net and /proc/*/fd.)
std::string port_holder(Address host_address, std::uint16_t port, Protocol protocol);

}  // namespace hoist::netmgr
