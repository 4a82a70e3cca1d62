// SPDX-License-Identifier: Apache-2.0
#include "runtime/net_devices.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace hoist::runtime {
namespace {

/// One request of rtnetlink(7), put together piece by piece.
class Request {
public:
    template <class Header>
    Request(int type, int flags, const Header& header) : bytes_(NLMSG_LENGTH(sizeof header)) {
        std::memcpy(bytes_.data() + NLMSG_HDRLEN, &header, sizeof header);
        message()->nlmsg_type = static_cast<std::uint16_t>(type);
        message()->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    }
    void add(int type, const void* data, std::size_t size) {
        const std::size_t at = NLMSG_ALIGN(bytes_.size());
        bytes_.resize(at + RTA_SPACE(size));
        rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(size)), static_cast<unsigned short>(type)};
        std::memcpy(bytes_.data() + at, &attribute, sizeof attribute);
        std::memcpy(bytes_.data() + at + RTA_LENGTH(0), data, size);
    }
    const std::vector<char>& bytes() {
        message()->nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
        return bytes_;
    }

private:
    nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }
    std::vector<char> bytes_;
};

/// A socket to the network namespace that this process is in when it is made.
class Netlink {
public:
    Netlink() : socket_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "open a netlink socket")) {}

    /// Sends a request and calls each(message) for what comes back. @return 0 or errno
    template <class Each>
    int ask(Request& request, Each each) const {
        const auto& bytes = request.bytes();
        check(::send(socket_.get(), bytes.data(), bytes.size(), 0), "send to netlink");
        alignas(nlmsghdr) std::array<char, 32768> buffer;
        for (;;) {
            auto left =
                static_cast<unsigned>(check(::recv(socket_.get(), buffer.data(), buffer.size(), 0), "hear netlink"));
            for (auto* one = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(one, left);
                 one = NLMSG_NEXT(one, left)) {
                if (one->nlmsg_type == NLMSG_DONE) return 0;
                if (one->nlmsg_type == NLMSG_ERROR) return -static_cast<nlmsgerr*>(NLMSG_DATA(one))->error;
                each(*one);
            }
        }
    }
    int tell(Request& request) const {
        return ask(request, [](const nlmsghdr&) {});
    }

private:
    Fd socket_;
};

/// Children of the network namespace are not made here, only a socket. Single-threaded callers only.
Netlink netlink_in(const Fd& network) {
    const Fd home = open_file("/proc/self/ns/net", O_RDONLY);
    check(::setns(network.get(), CLONE_NEWNET), "enter the container's network namespace");
    try {
        Netlink made;
        check(::setns(home.get(), CLONE_NEWNET), "leave the container's network namespace");
        return made;
    } catch (const Error&) {
        if (::setns(home.get(), CLONE_NEWNET) != 0) std::terminate();  // we would go on in the wrong network
        throw;
    }
}

struct Address {
    ifaddrmsg header{};
    std::vector<std::pair<int, std::vector<char>>> attributes;
};

/// An interface as it is on the host.
struct Interface {
    int index = 0;
    bool up = false;
    std::vector<Address> addresses;
};

Address read_address(const nlmsghdr& message) {
    Address made;
    std::memcpy(&made.header, NLMSG_DATA(&message), sizeof made.header);
    auto left = static_cast<int>(IFA_PAYLOAD(&message));
    for (auto* one = IFA_RTA(static_cast<const ifaddrmsg*>(NLMSG_DATA(&message))); RTA_OK(one, left);
         one = RTA_NEXT(one, left)) {
        const auto* data = static_cast<const char*>(RTA_DATA(one));
        // The label has the old name in it, and the cache info times that the kernel makes anew.
        if (one->rta_type == IFA_LOCAL || one->rta_type == IFA_ADDRESS || one->rta_type == IFA_BROADCAST)
            made.attributes.emplace_back(one->rta_type, std::vector<char>(data, data + RTA_PAYLOAD(one)));
    }
    return made;
}

Interface look_at(const Netlink& host, const std::string& name) {
    Interface found;
    found.index = static_cast<int>(::if_nametoindex(name.c_str()));
    if (found.index == 0) fail(Kind::invalid, "linux.netDevices: the host has no interface {}", name);
    const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
    ifreq request{};
    std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
    check(::ioctl(socket.get(), SIOCGIFFLAGS, &request), "look at interface {}", name);
    found.up = request.ifr_flags & IFF_UP;
    ifaddrmsg all{};
    Request list(RTM_GETADDR, NLM_F_DUMP, all);
    host.ask(list, [&](const nlmsghdr& message) {
        auto address = read_address(message);
        if (static_cast<int>(address.header.ifa_index) == found.index && address.header.ifa_scope == RT_SCOPE_UNIVERSE)
            found.addresses.push_back(std::move(address));
    });
    return found;
}

/// The kernel forgets addresses, and takes an interface down, as it moves.
void restore(const Netlink& inside, const Interface& before, const std::string& name, int index) {
    for (const auto& address : before.addresses) {
        ifaddrmsg header = address.header;
        header.ifa_index = static_cast<unsigned>(index);
        header.ifa_flags &= IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
        Request request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, header);
        for (const auto& [type, data] : address.attributes) request.add(type, data.data(), data.size());
        if (const int code = inside.tell(request))
            fail_errno(code, "linux.netDevices: give {} its address in the container", name);
    }
    if (!before.up) return;
    ifinfomsg header{};
    header.ifi_index = index;
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
    Request request(RTM_NEWLINK, NLM_F_ACK, header);
    if (const int code = inside.tell(request)) fail_errno(code, "linux.netDevices: bring {} up in the container", name);
}

/// The interface's number in the container's namespace, where the old one may be taken.
int index_inside(const Netlink& inside, const std::string& name) {
    ifinfomsg header{};
    // One message answers, and nothing marks the end of it but an acknowledgement.
    Request request(RTM_GETLINK, NLM_F_ACK, header);
    request.add(IFLA_IFNAME, name.c_str(), name.size() + 1);
    int index = 0;
    inside.ask(request, [&](const nlmsghdr& message) {
        index = static_cast<const ifinfomsg*>(NLMSG_DATA(&message))->ifi_index;
    });
    return index;
}

void move_one(const Netlink& host, const Netlink& inside, const Fd& network, const std::string& name,
              const std::string& new_name) {
    const Interface before = look_at(host, name);
    ifinfomsg header{};
    header.ifi_index = before.index;
    Request request(RTM_NEWLINK, NLM_F_ACK, header);
    const int fd = network.get();
    request.add(IFLA_NET_NS_FD, &fd, sizeof fd);
    request.add(IFLA_IFNAME, new_name.c_str(), new_name.size() + 1);
    if (const int code = host.tell(request))
        fail_errno(code, "linux.netDevices: move {} into the container as {}", name, new_name);
    restore(inside, before, new_name, index_inside(inside, new_name));
}

}  // namespace

void move_net_devices(const std::map<std::string, std::string>& devices, const Fd& network) {
    if (devices.empty()) return;
    const Netlink host, inside = netlink_in(network);
    for (const auto& [name, new_name] : devices)
        move_one(host, inside, network, name, new_name.empty() ? name : new_name);
}

}  // namespace hoist::runtime
