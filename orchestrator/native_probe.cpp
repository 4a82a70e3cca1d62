// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/native_probe.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "base/path.h"
#include "netmgr/netlink.h"
#include "orchestrator/blocking.h"
#include "orchestrator/log_config.h"

namespace hoist::orchestrator {

namespace asio = boost::asio;

namespace {

using compose::Probe;
using Clock = std::chrono::steady_clock;

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

Address address_of(const Probe& probe) {
    Address address;
    auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
    const std::string host = probe.host == "localhost" ? "127.0.0.1" : probe.host;
    if (::inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
        four->sin_family = AF_INET, four->sin_port = htons(probe.port);
        address.length = sizeof *four;
    } else if (::inet_pton(AF_INET6, host.c_str(), &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6, six->sin6_port = htons(probe.port);
        address.length = sizeof *six;
    } else {
        fail(Kind::invalid, "probe of {}: the host must be an address of the container, such as 127.0.0.1", host);
    }
    return address;
}

/// A socket stays in the namespace where it was opened.
Fd open_socket(const Fd* netns, int family) {
    std::optional<netmgr::NetnsGuard> inside;
    if (netns) inside.emplace(*netns);
    return Fd(check(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "open a socket for a probe"));
}

/// One conversation; every wait ends at the deadline, when the timer closes the socket.
class Conversation {
public:
    Conversation(asio::any_io_executor executor, Fd socket, Clock::time_point deadline)
        : socket_(std::make_shared<Socket>(executor, socket.release())), timer_(executor, deadline) {
        timer_.async_wait([socket = socket_](const boost::system::error_code& cancelled) {
            if (!cancelled) socket->close();
        });
    }

    asio::awaitable<ProbeAnswer> run(Probe probe) {
        if (auto problem = co_await connect(address_of(probe))) co_return *problem;
        if (probe.type == Probe::Type::tcp) co_return ProbeAnswer{true, "connected"};
        if (!co_await send(probe_request(probe))) co_return ProbeAnswer{false, "the connection was closed"};
        std::string received;
        for (;;) {
            char buffer[4096];
            const auto count = ::recv(socket_->native_handle(), buffer, sizeof buffer, 0);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
                if (!co_await ready(Socket::wait_read)) co_return too_late();
                continue;
            }
            if (count > 0) received.append(buffer, static_cast<std::size_t>(count));
            if (auto answer = judge_probe(probe, received, count <= 0)) co_return *answer;
        }
    }

private:
    using Socket = asio::posix::stream_descriptor;

    static ProbeAnswer too_late() { return {false, "no answer in time"}; }

    asio::awaitable<bool> ready(Socket::wait_type what) {
        boost::system::error_code error;
        if (socket_->is_open()) co_await socket_->async_wait(what, asio::redirect_error(asio::use_awaitable, error));
        co_return !error && socket_->is_open();
    }

    /// @return what is wrong; nullopt: the connection stands
    asio::awaitable<std::optional<ProbeAnswer>> connect(Address to) {
        const auto* name = reinterpret_cast<const sockaddr*>(&to.storage);
        if (::connect(socket_->native_handle(), name, to.length) == 0) co_return std::nullopt;
        if (errno != EINPROGRESS) co_return ProbeAnswer{false, std::strerror(errno)};
        if (!co_await ready(Socket::wait_write)) co_return too_late();
        int problem = 0;
        socklen_t size = sizeof problem;
        ::getsockopt(socket_->native_handle(), SOL_SOCKET, SO_ERROR, &problem, &size);
        if (problem == 0) co_return std::nullopt;
        co_return ProbeAnswer{false, std::strerror(problem)};
    }

    asio::awaitable<bool> send(std::string request) {
        for (std::string_view rest = request; !rest.empty();) {
            const auto sent = ::send(socket_->native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent > 0)
                rest.remove_prefix(static_cast<std::size_t>(sent));
            else if ((errno != EAGAIN && errno != EINTR) || !co_await ready(Socket::wait_write))
                co_return false;
        }
        co_return true;
    }

    std::shared_ptr<Socket> socket_;
    asio::steady_timer timer_;
};

ProbeAnswer look_into_log(const Probe& probe, const ProbeGround& ground) {
    if (ground.seen_before) return {true, "found before"};
    const auto* up = std::get_if<Running>(&ground.container.state);
    runtime::LogReader log = open_log(ground.container, {.since = up ? up->since : TimePoint{}});
    while (const auto line = log.next())
        if (line->text.find(probe.body) != std::string_view::npos)
            return {true, std::string(line->text.substr(0, 200))};
    return {false, "the log does not hold \"" + probe.body + "\" yet"};
}

ProbeAnswer look_for_file(const Probe& probe, const ProbeGround& ground) {
    const RootDir root = RootDir::open("/proc/" + std::to_string(ground.pid) + "/root");
    return root.exists(probe.path) ? ProbeAnswer{true, "there"} : ProbeAnswer{false, "there is no " + probe.path};
}

}  // namespace

asio::awaitable<ProbeAnswer> run_native_probe(Probe probe, ProbeGround ground, asio::thread_pool& workers,
                                              Nanoseconds limit) {
    const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(limit);
    if (probe.type == Probe::Type::log || probe.type == Probe::Type::file) {
        auto look = [probe = std::move(probe), ground = std::move(ground)] {
            return probe.type == Probe::Type::log ? look_into_log(probe, ground) : look_for_file(probe, ground);
        };
        co_return co_await on_pool(workers, std::move(look));
    }
    // Only entering the namespace is work for a thread of its own; the socket can then be used from anywhere.
    auto open = [netns = ground.netns, family = address_of(probe).storage.ss_family] {
        return open_socket(netns.get(), family);
    };
    Fd socket = co_await on_pool(workers, std::move(open));
    const auto executor = co_await asio::this_coro::executor;
    Conversation conversation(executor, std::move(socket), deadline);
    co_return co_await conversation.run(std::move(probe));
}

}  // namespace hoist::orchestrator
