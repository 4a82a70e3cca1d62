// SPDX-License-Identifier: Apache-2.0
// Names, namespaces and the host's own addresses; bridges and veth pairs are in links.cpp.
#include "netmgr/network.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/file.h"
#include "netmgr/netlink.h"
#include "netmgr/sysctl.h"

namespace hoist::netmgr {
namespace {

/// FNV-1a: stable over versions, since names made with it must be found again after an upgrade.
std::uint64_t hash_of(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3u;
    return hash;
}

void loopback_up() {
    const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket in a network namespace"));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up loopback in a network namespace");
}

}  // namespace

void write_sysctl(const std::string& name, std::string_view value, bool may_be_absent) {
    const std::string path = "/proc/sys/net/" + name;
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file && errno == ENOENT && may_be_absent) return;
    check(file.get(), "open {}", path);
    write_all(file, value, path);
}

std::string bridge_name(const NetworkId& id) {
    return "hb-" + id.shortened();
}

std::string veth_name(const NetworkId& network, const ContainerId& container) {
    return fmt::format("hv-{:012x}", hash_of(container.str() + "/" + network.str()) >> 16);
}

std::string mac_of(const Address& address) {
    const std::uint32_t v = address.value;
    return fmt::format("02:42:{:02x}:{:02x}:{:02x}:{:02x}", v >> 24, (v >> 16) & 255, (v >> 8) & 255, v & 255);
}

Fd make_network_namespace() {
    Fd home = open_file("/proc/thread-self/ns/net", O_RDONLY);
    check(::unshare(CLONE_NEWNET), "make a network namespace");
    const NetnsGuard inside(std::move(home), NetnsGuard::Returning{});
    // Loopback is there already and keeps ::1. Interfaces that come later get no IPv6 at all: it would cost duplicate
    // address detection under the kernel's one lock, and open the way to rogue router advertisements (SEC-50).
    write_sysctl("ipv6/conf/default/disable_ipv6", "1", true);
    write_sysctl("ipv6/conf/default/accept_ra", "0", true);
    loopback_up();
    return open_file("/proc/thread-self/ns/net", O_RDONLY);
}

void enable_forwarding() {
    if (read_file("/proc/sys/net/ipv4/ip_forward").starts_with('0')) write_sysctl("ipv4/ip_forward", "1");
}

namespace {

/// The subnet in an address or route message; nullopt if it has none or is a default route in one piece or two halves.
template <class Header>
std::optional<Subnet> subnet_in(const nlmsghdr* message, int attribute, int prefix) {
    const nlattr* found = nlmsg_find_attr(const_cast<nlmsghdr*>(message), sizeof(Header), attribute);
    if (!found || prefix < 2) return std::nullopt;
    std::uint32_t raw;
    std::memcpy(&raw, nla_data(found), sizeof raw);
    const Address address{ntohl(raw)};
    return parse_subnet(fmt::format("{}/{}", to_string(address), prefix));
}

}  // namespace

std::vector<Subnet> Links::host_subnets() {
    NetlinkSocket socket(NETLINK_ROUTE);
    std::set<Subnet> found;
    const auto keep = [&](const std::optional<Subnet>& subnet) {
        if (subnet && subnet->base.value >> 24 != 127) found.insert(*subnet);
    };
    ifaddrmsg addresses{};
    addresses.ifa_family = AF_INET;
    socket.dump(Message(RTM_GETADDR, 0, addresses), [&](const nlmsghdr* answer) {
        const auto* header = static_cast<const ifaddrmsg*>(NLMSG_DATA(answer));
        keep(subnet_in<ifaddrmsg>(answer, IFA_ADDRESS, header->ifa_prefixlen));
    });
    rtmsg routes{};
    routes.rtm_family = AF_INET;
    socket.dump(Message(RTM_GETROUTE, 0, routes), [&](const nlmsghdr* answer) {
        const auto* header = static_cast<const rtmsg*>(NLMSG_DATA(answer));
        // The local table repeats the addresses; all other tables (VPNs like their own) are routes to keep clear of.
        if (header->rtm_family != AF_INET || header->rtm_table == RT_TABLE_LOCAL) return;
        keep(subnet_in<rtmsg>(answer, RTA_DST, header->rtm_dst_len));
    });
    return {found.begin(), found.end()};
}

}  // namespace hoist::netmgr
