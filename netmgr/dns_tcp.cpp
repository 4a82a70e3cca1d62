// SPDX-License-Identifier: Apache-2.0
// DNS over TCP for containers: messages with a two-byte length before each (RFC 7766).
#include <sys/epoll.h>
#include <sys/socket.h>

#include "netmgr/dns_packet.h"
#include "netmgr/dns_server.h"

namespace hoist::netmgr {
namespace {

using namespace std::chrono_literals;
constexpr auto idle_limit = 10s;
constexpr std::size_t most_connections_per_client = 16;
constexpr std::size_t longest_query = 4096;

}  // namespace

void DnsServer::State::accept_tcp(const std::shared_ptr<Client>& client) {
    Fd socket(::accept4(client->sockets.tcp.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket || client->connections >= most_connections_per_client) return;  // the surplus is closed at once
    const std::uint64_t number = next_number++;
    auto connection = std::make_unique<Connection>();
    connection->socket = std::move(socket);
    connection->token = loop.watch(connection->socket.get(), EPOLLIN,
                                   [this, number](std::uint32_t events) { serve_connection(number, events); });
    connection->idle = loop.at(Clock::now() + idle_limit, [this, number] { close_connection(number); });
    ++client->connections;
    connections[number] = {client, std::move(connection)};
}

void DnsServer::State::close_connection(std::uint64_t number) {
    const auto found = connections.find(number);
    if (found == connections.end()) return;
    loop.forget(found->second.second->token);
    loop.forget_timer(found->second.second->idle);
    --found->second.first->connections;
    connections.erase(found);
}

void DnsServer::State::serve_connection(std::uint64_t number, std::uint32_t events) {
    Connection& connection = *connections.at(number).second;
    if (events & EPOLLOUT) return flush(number);
    char buffer[longest_query + 2];
    const ssize_t size = ::recv(connection.socket.get(), buffer, sizeof buffer, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return close_connection(number);
    connection.received.append(buffer, size);
    next_question(number);
}

/// Takes one question from what was received. Reading rests until its answer is sent, so nothing piles up.
void DnsServer::State::next_question(std::uint64_t number) {
    const auto found = connections.find(number);
    if (found == connections.end()) return;
    const auto& [client, connection] = found->second;
    if (connection->asking || connection->received.size() < 2) return;
    const std::size_t length = dns::read_u16(connection->received, 0);
    if (length > longest_query) return close_connection(number);
    if (connection->received.size() < 2 + length) return;
    std::string query = connection->received.substr(2, length);
    connection->received.erase(0, 2 + length);
    connection->asking = true;
    loop.change(connection->token, 0);
    DnsAnswer decided = answer(*client, query);
    if (decided.kind == DnsAnswer::Kind::drop) return close_connection(number);
    if (decided.kind == DnsAnswer::Kind::reply) return reply_tcp(number, decided.packet);
    ask(client, Forward::Transport::tcp, std::move(query),
        [this, number](const std::string& reply) { reply_tcp(number, reply); });
}

void DnsServer::State::reply_tcp(std::uint64_t number, const std::string& reply) {
    const auto found = connections.find(number);
    if (found == connections.end()) return;
    Connection& connection = *found->second.second;
    connection.out.resize(2);
    dns::write_u16(connection.out, 0, static_cast<std::uint16_t>(reply.size()));
    connection.out += reply;
    flush(number);
}

void DnsServer::State::flush(std::uint64_t number) {
    Connection& connection = *connections.at(number).second;
    const ssize_t sent = ::send(connection.socket.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return close_connection(number);
    if (sent > 0) connection.out.erase(0, sent);
    if (!connection.out.empty()) return loop.change(connection.token, EPOLLOUT);
    connection.asking = false;
    loop.forget_timer(connection.idle);
    connection.idle = loop.at(Clock::now() + idle_limit, [this, number] { close_connection(number); });
    loop.change(connection.token, EPOLLIN);
    next_question(number);
}

}  // namespace hoist::netmgr
