// SPDX-License-Identifier: Apache-2.0
#include "netmgr/dns_forward.h"

#include <sys/epoll.h>
#include <sys/random.h>

#include "base/error.h"
#include "netmgr/dns_packet.h"

namespace hoist::netmgr {
namespace {

using namespace std::chrono_literals;
constexpr auto patience = 1000ms;  // with one server before the next is asked as well
constexpr auto limit = 4s;         // for all of them; C libraries ask again after five seconds
constexpr std::size_t most_servers = 3;

std::uint16_t random_id() {
    std::uint16_t id = 0;
    check(::getrandom(&id, sizeof id, 0), "get random bytes");
    return id;
}

}  // namespace

struct Forward::Attempt {
    Fd socket;
    DnsLoop::Token token = 0;
    std::string query;     ///< with this attempt's id
    std::string out;       ///< TCP: what is still to be sent
    std::string received;  ///< TCP: what has come so far
};

Forward::Forward(DnsLoop& loop, Transport transport, std::string query, std::vector<Upstream> servers, Done done)
    : loop_(loop),
      transport_(transport),
      query_(std::move(query)),
      servers_(std::move(servers)),
      done_(std::move(done)) {
    if (servers_.size() > most_servers) servers_.resize(most_servers);
}

Forward::~Forward() {
    for (const auto& attempt : attempts_)
        if (attempt->token) loop_.forget(attempt->token);
    loop_.forget_timer(patience_);
    loop_.forget_timer(limit_);
}

void Forward::start() {
    limit_ = loop_.at(Clock::now() + limit, [this] { finish({}); });
    try_next();
}

void Forward::try_next() {
    loop_.forget_timer(patience_);
    while (next_ < servers_.size()) {
        const Upstream& server = servers_[next_++];
        auto attempt = std::make_unique<Attempt>();
        const int type = transport_ == Transport::udp ? SOCK_DGRAM : SOCK_STREAM;
        attempt->socket = Fd(::socket(server.address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!attempt->socket) continue;
        // Connected: the kernel drops what comes from elsewhere, picks a random port, and reports an absent server.
        const auto* address = reinterpret_cast<const sockaddr*>(&server.address);
        if (::connect(attempt->socket.get(), address, server.size) != 0 && errno != EINPROGRESS) continue;
        attempt->query = query_;
        dns::write_u16(attempt->query, 0, random_id());
        if (transport_ == Transport::tcp) {
            attempt->out.resize(2);
            dns::write_u16(attempt->out, 0, static_cast<std::uint16_t>(attempt->query.size()));
            attempt->out += attempt->query;
        } else if (::send(attempt->socket.get(), attempt->query.data(), attempt->query.size(), 0) < 0) {
            continue;
        }
        Attempt& watched = *attempt;
        const std::uint32_t events = transport_ == Transport::udp ? EPOLLIN : EPOLLIN | EPOLLOUT;
        attempt->token = loop_.watch(attempt->socket.get(), events, [this, &watched](auto e) { ready(watched, e); });
        attempts_.push_back(std::move(attempt));
        ++open_;
        if (next_ < servers_.size()) patience_ = loop_.at(Clock::now() + patience, [this] { try_next(); });
        return;
    }
    if (open_ == 0) finish({});
}

void Forward::ready(Attempt& attempt, std::uint32_t events) {
    char buffer[65536];
    if ((events & EPOLLOUT) && !attempt.out.empty()) {
        const ssize_t sent = ::send(attempt.socket.get(), attempt.out.data(), attempt.out.size(), MSG_NOSIGNAL);
        if (sent > 0) attempt.out.erase(0, sent);
        if (sent < 0 && errno != EAGAIN) return give_up(attempt);
        if (attempt.out.empty()) loop_.change(attempt.token, EPOLLIN);
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
    const ssize_t size = ::recv(attempt.socket.get(), buffer, sizeof buffer, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0 || (size == 0 && transport_ == Transport::tcp)) return give_up(attempt);
    if (transport_ == Transport::udp) return take(attempt, std::string(buffer, size));
    attempt.received.append(buffer, size);
    if (attempt.received.size() < 2) return;
    const std::size_t length = dns::read_u16(attempt.received, 0);
    if (attempt.received.size() >= 2 + length) take(attempt, attempt.received.substr(2, length));
}

void Forward::take(Attempt& attempt, std::string reply) {
    if (!dns::answers(reply, attempt.query)) {
        if (transport_ == Transport::tcp) give_up(attempt);
        return;  // over UDP a forgery must not end the wait for the true answer
    }
    const auto code = dns::rcode_of(reply);
    if (code == dns::server_failure || code == dns::refused || code == dns::not_implemented) {
        refusal_ = std::move(reply);
        return give_up(attempt);
    }
    finish(std::move(reply));
}

void Forward::give_up(Attempt& attempt) {
    loop_.forget(attempt.token);
    attempt.token = 0;
    attempt.socket.reset();
    --open_;
    if (next_ < servers_.size())
        try_next();
    else if (open_ == 0)
        finish({});
}

void Forward::finish(std::string reply) {
    if (reply.empty()) reply = refusal_;
    if (reply.empty()) {
        const auto query = dns::parse_query(query_);
        reply = dns::make_reply(query_, query ? &*query : nullptr, dns::server_failure, {});
    }
    dns::write_u16(reply, 0, dns::read_u16(query_, 0));
    const Done done = std::move(done_);
    done(std::move(reply));  // ends with the destruction of this object
}

}  // namespace hoist::netmgr
