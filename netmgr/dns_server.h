#pragma once
// SPDX-License-Identifier: Apache-2.0
// The inside of DnsServer: clients (containers), their TCP connections and the questions under way. For netmgr's own
// sources; everything here is called with the loop's mutex held.

#include <netinet/in.h>

#include "netmgr/dns.h"
#include "netmgr/dns_forward.h"
#include "netmgr/dns_loop.h"
#include "netmgr/resolv_conf.h"

namespace hoist::netmgr {

struct DnsServer::State {
    explicit State(std::string path) : resolv_conf(std::move(path)) {}

    struct Client {
        ContainerId id;
        DnsSockets sockets;
        std::vector<NetworkId> networks;
        bool forward = false;
        std::vector<Upstream> upstream;
        DnsLoop::Token udp = 0, tcp = 0;
        std::size_t asking = 0;  ///< forwarded questions without an answer yet
        std::size_t connections = 0;
    };
    /// A container's TCP connection: one question at a time.
    struct Connection {
        Fd socket;
        std::string received, out;
        DnsLoop::Token token = 0, idle = 0;
        bool asking = false;
    };

    DnsLoop loop;
    ResolvConf resolv_conf;
    std::map<NetworkId, NameTable> names;
    std::map<ContainerId, std::shared_ptr<Client>> clients;
    // By number and not by pointer: an answer may come after the container or the connection has gone.
    std::map<std::uint64_t, std::unique_ptr<Forward>> questions;
    std::map<std::uint64_t, std::pair<std::shared_ptr<Client>, std::unique_ptr<Connection>>> connections;
    std::uint64_t next_number = 1;

    void add(Client client);
    void remove(const ContainerId& id);
    DnsAnswer answer(const Client& client, std::string_view query) const;
    void read_udp(const std::shared_ptr<Client>& client);
    void accept_tcp(const std::shared_ptr<Client>& client);
    void serve_connection(std::uint64_t number, std::uint32_t events);
    void next_question(std::uint64_t number);
    void reply_tcp(std::uint64_t number, const std::string& reply);
    void flush(std::uint64_t number);
    void close_connection(std::uint64_t number);
    /// Asks the upstream servers; too many questions at once are refused with SERVFAIL, per container and in all.
    void ask(const std::shared_ptr<Client>& client, Forward::Transport transport, std::string query,
             Forward::Done done);
};

}  // namespace hoist::netmgr
