#pragma once
// SPDX-License-Identifier: Apache-2.0
// The resolver that containers see at 127.0.0.11.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "netmgr/network.h"

namespace hoist::netmgr {

/// A container's two resolver sockets, made in its namespace and bound to 127.0.0.11 on ports of their own; packets to
/// port 53 are sent there by a small nft table in that namespace, so that the container may bind port 53 itself. The
/// monitor keeps duplicates, so queries sent while the daemon is away wait in the sockets and are answered later.
struct DnsSockets {
    Fd udp, tcp;
};
DnsSockets open_dns_sockets(const Fd& netns);

/// The names on one network: lower-case name -> addresses (several for a scaled service).
using NameTable = std::map<std::string, std::vector<Address>>;

/// Decides the answer to one query: local names of the networks that the asking container is on, PTR of their
/// addresses, NOERROR without data for AAAA of a local name. Pure.
struct DnsAnswer {
    enum class Kind { reply, forward, drop } kind = Kind::drop;
    std::string packet;  ///< for reply
};
DnsAnswer answer_query(std::string_view query, const std::vector<const NameTable*>& networks, bool may_forward);

/// Serves all containers' sockets on one thread of its own. (SEC-49, REL-35, REL-44)
class DnsServer {
public:
    /// @param resolv_conf  the host's file; read again when it changes; loopback servers in it are asked from the
    ///                     host's namespace
    explicit DnsServer(std::string resolv_conf = "/etc/resolv.conf");
    ~DnsServer();
    /// Starts answering a container. `forward`: false when all its networks are internal.
    /// `upstream`: servers of its own (dns:), else the host's.
    void add(const ContainerId& id, DnsSockets sockets, std::vector<NetworkId> networks, bool forward,
             std::vector<std::string> upstream);
    /// Changes which networks' names a container is told. One that is not served is left alone.
    void set_networks(const ContainerId& id, std::vector<NetworkId> networks, bool forward);
    void remove(const ContainerId& id);
    /// Replaces the names of one network.
    void set_names(const NetworkId& network, NameTable names);
    void remove_network(const NetworkId& network);

    struct State;  ///< defined in dns_server.h, for netmgr's own sources

private:
    std::unique_ptr<State> state_;
};

}  // namespace hoist::netmgr
