// SPDX-License-Identifier: Apache-2.0
#include "netmgr/dns_server.h"

#include <sys/epoll.h>

#include "base/error.h"
#include "netmgr/dns_packet.h"

namespace hoist::netmgr {
namespace {

// A dead upstream holds each question for seconds: these bound what waits, so that memory and descriptors stay small
// and one container cannot take all places (REL-44).
constexpr std::size_t most_questions = 256;
constexpr std::size_t most_questions_per_client = 64;
constexpr int datagrams_per_turn = 16;
constexpr std::size_t longest_datagram = 4096;

std::string failure(const std::string& query) {
    const auto parsed = dns::parse_query(query);
    return dns::make_reply(query, parsed ? &*parsed : nullptr, dns::server_failure, {});
}

}  // namespace

void DnsServer::State::add(Client values) {
    remove(values.id);
    const auto client = std::make_shared<Client>(std::move(values));
    clients[client->id] = client;
    // By weak pointers: the loop's handlers must not keep a removed container's sockets open.
    const std::weak_ptr<Client> weak = client;
    client->udp = loop.watch(client->sockets.udp.get(), EPOLLIN, [this, weak](std::uint32_t) {
        if (const auto alive = weak.lock()) read_udp(alive);
    });
    client->tcp = loop.watch(client->sockets.tcp.get(), EPOLLIN, [this, weak](std::uint32_t) {
        if (const auto alive = weak.lock()) accept_tcp(alive);
    });
}

void DnsServer::State::remove(const ContainerId& id) {
    const auto found = clients.find(id);
    if (found == clients.end()) return;
    const auto client = found->second;
    loop.forget(client->udp);
    loop.forget(client->tcp);
    clients.erase(found);
    std::vector<std::uint64_t> ended;
    for (const auto& [number, connection] : connections)
        if (connection.first == client) ended.push_back(number);
    for (const auto number : ended) close_connection(number);
}

DnsAnswer DnsServer::State::answer(const Client& client, std::string_view query) const {
    std::vector<const NameTable*> tables;
    for (const NetworkId& network : client.networks)
        if (const auto found = names.find(network); found != names.end()) tables.push_back(&found->second);
    return answer_query(query, tables, client.forward);
}

void DnsServer::State::read_udp(const std::shared_ptr<Client>& client) {
    char buffer[longest_datagram];
    for (int i = 0; i < datagrams_per_turn; ++i) {
        sockaddr_in from{};
        socklen_t from_size = sizeof from;
        const int socket = client->sockets.udp.get();
        const ssize_t size =
            ::recvfrom(socket, buffer, sizeof buffer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &from_size);
        if (size < 0) return;
        std::string query(buffer, size);
        const std::weak_ptr<Client> weak = client;
        const auto reply = [weak, from](const std::string& packet) {
            const auto alive = weak.lock();
            if (!alive) return;
            ::sendto(alive->sockets.udp.get(), packet.data(), packet.size(), MSG_DONTWAIT,
                     reinterpret_cast<const sockaddr*>(&from), sizeof from);
        };
        DnsAnswer decided = answer(*client, query);
        if (decided.kind == DnsAnswer::Kind::forward) {
            ask(client, Forward::Transport::udp, std::move(query), reply);
        } else if (decided.kind == DnsAnswer::Kind::reply) {
            const auto parsed = dns::parse_query(query);
            reply(parsed ? dns::fit_for_udp(std::move(decided.packet), *parsed) : decided.packet);
        }
    }
}

void DnsServer::State::ask(const std::shared_ptr<Client>& client, Forward::Transport transport, std::string query,
                           Forward::Done done) {
    if (questions.size() >= most_questions || client->asking >= most_questions_per_client) return done(failure(query));
    const std::uint64_t number = next_number++;
    const std::vector<Upstream>& servers = client->upstream.empty() ? resolv_conf.servers() : client->upstream;
    ++client->asking;
    auto finished = [this, number, client, done = std::move(done)](std::string reply) {
        --client->asking;
        done(std::move(reply));
        questions.erase(number);
    };
    auto& question = questions[number];
    question = std::make_unique<Forward>(loop, transport, std::move(query), servers, std::move(finished));
    question->start();
}

DnsServer::DnsServer(std::string resolv_conf) : state_(std::make_unique<State>(std::move(resolv_conf))) {
    state_->loop.start();
}

DnsServer::~DnsServer() {
    state_->loop.stop();
}

void DnsServer::add(const ContainerId& id, DnsSockets sockets, std::vector<NetworkId> networks, bool forward,
                    std::vector<std::string> upstream) {
    State::Client client;
    client.id = id;
    client.sockets = std::move(sockets);
    client.networks = std::move(networks);
    client.forward = forward;
    for (const std::string& server : upstream) {
        const auto parsed = parse_upstream(server);
        if (!parsed) fail(Kind::invalid, "\"{}\" is no address of a DNS server", server);
        client.upstream.push_back(*parsed);
    }
    const std::lock_guard lock(state_->loop.mutex());
    state_->add(std::move(client));
}

void DnsServer::remove(const ContainerId& id) {
    const std::lock_guard lock(state_->loop.mutex());
    state_->remove(id);
}

void DnsServer::set_networks(const ContainerId& id, std::vector<NetworkId> networks, bool forward) {
    const std::lock_guard lock(state_->loop.mutex());
    const auto it = state_->clients.find(id);
    if (it == state_->clients.end()) return;
    it->second->networks = std::move(networks);
    it->second->forward = forward;
}

void DnsServer::set_names(const NetworkId& network, NameTable names) {
    const std::lock_guard lock(state_->loop.mutex());
    state_->names[network] = std::move(names);
}

void DnsServer::remove_network(const NetworkId& network) {
    const std::lock_guard lock(state_->loop.mutex());
    state_->names.erase(network);
}

}  // namespace hoist::netmgr
