#pragma once
// SPDX-License-Identifier: Apache-2.0
// For network tests: namespaces plugged into networks, and questions about who reaches whom.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <string>

#include "base/error.h"
#include "netmgr/dns.h"
#include "netmgr/firewall.h"
#include "netmgr/netlink.h"
#include "netmgr/network.h"
#include "tests/support/test_host.h"

namespace hoist::test {

/// A network namespace on one network, as a container has it.
struct Box {
    ContainerId id = ContainerId::random();
    netmgr::Endpoint endpoint;
    Fd netns;
};

inline netmgr::Address at(const std::string& text) {
    return *netmgr::parse_address(text);
}

/// A network of the given subnet, whose gateway is its first address.
inline netmgr::BridgeNetwork network_of(const std::string& subnet) {
    netmgr::BridgeNetwork network;
    network.id = NetworkId::random();
    network.name = "net-" + subnet;
    network.bridge = netmgr::bridge_name(network.id);
    network.subnet = *netmgr::parse_subnet(subnet);
    network.gateway = network.subnet.first_host();
    return network;
}

inline Box plug(netmgr::Links& links, const netmgr::BridgeNetwork& network, const std::string& address) {
    Box box;
    box.netns = netmgr::make_network_namespace();
    box.endpoint = {.network = network.id,
                    .container = box.id,
                    .address = at(address),
                    .mac = {},
                    .interface_name = "eth0",
                    .default_route = true};
    links.attach(box.netns, network, box.endpoint);
    return box;
}

/// Runs `work` in a namespace; nullptr is this one. @return what it returns
template <class Work>
auto in(const Fd* netns, Work work) {
    if (!netns) return work();
    const netmgr::NetnsGuard inside(*netns);
    return work();
}

inline sockaddr_in name_of(const std::string& address, std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(at(address).value);
    return name;
}

inline Fd socket_in(const Fd* netns, int type) {
    return in(netns, [&] { return Fd(check(::socket(AF_INET, type | SOCK_CLOEXEC, 0), "open a socket")); });
}

/// A socket bound to address:port in a namespace; TCP ones listen. @throws Error
inline Fd bound(const Fd* netns, int type, const std::string& address, std::uint16_t port) {
    Fd socket = socket_in(netns, type);
    const sockaddr_in name = name_of(address, port);
    check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "bind {}:{}", address, port);
    if (type == SOCK_STREAM) check(::listen(socket.get(), 16), "listen");
    return socket;
}

inline bool readable(const Fd& socket, int milliseconds, short events = POLLIN) {
    pollfd wait{socket.get(), events, 0};
    return ::poll(&wait, 1, milliseconds) == 1;
}

/// A TCP connection, empty if it does not come about within `milliseconds`.
inline Fd connected(const Fd* netns, const std::string& address, std::uint16_t port, int milliseconds = 300,
                    const std::string& from = "") {
    Fd socket = socket_in(netns, SOCK_STREAM | SOCK_NONBLOCK);
    if (!from.empty()) {
        const sockaddr_in source = name_of(from, 0);
        check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source), "bind {}", from);
    }
    const sockaddr_in name = name_of(address, port);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 && errno != EINPROGRESS)
        return {};
    if (!readable(socket, milliseconds, POLLOUT)) return {};
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? std::move(socket) : Fd();
}

inline bool reaches(const Fd* netns, const std::string& address, std::uint16_t port) {
    return static_cast<bool>(connected(netns, address, port));
}

/// The peer's address of the next connection that `listener` takes.
inline std::string peer_of(const Fd& listener) {
    if (!readable(listener, 300)) return "nobody";
    sockaddr_in name{};
    socklen_t size = sizeof name;
    const Fd peer(::accept(listener.get(), reinterpret_cast<sockaddr*>(&name), &size));
    return netmgr::to_string(netmgr::Address{ntohl(name.sin_addr.s_addr)});
}

/// Sends a datagram and returns the answer, empty if none comes within `milliseconds`.
inline std::string asked(const Fd* netns, const std::string& address, std::uint16_t port, const std::string& packet,
                         int milliseconds = 500) {
    const Fd socket = socket_in(netns, SOCK_DGRAM);
    const sockaddr_in name = name_of(address, port);
    check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "connect");
    if (::send(socket.get(), packet.data(), packet.size(), 0) < 0 || !readable(socket, milliseconds)) return {};
    char buffer[4096];
    const ssize_t size = ::recv(socket.get(), buffer, sizeof buffer, 0);
    return size > 0 ? std::string(buffer, size) : std::string();
}

/// Runs a shell line with a namespace as its network. @return its output, with "[status N]" if that is not 0
inline std::string run_in(const Fd& netns, const std::string& line) {
    const std::string path = fmt::format("/proc/{}/fd/{}", ::getpid(), netns.get());
    const Outcome done = run({"nsenter", "--net=" + path, "sh", "-c", line});
    return done.status == 0 ? done.out : fmt::format("{}{}[status {}]", done.out, done.err, done.status);
}

}  // namespace hoist::test
