// SPDX-License-Identifier: Apache-2.0
// Bridges and veth pairs.
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "netmgr/netlink.h"
#include "netmgr/network.h"
#include "netmgr/sysctl.h"

namespace hoist::netmgr {
namespace {

constexpr int create = NLM_F_CREATE | NLM_F_EXCL;

ifinfomsg link_header(int index = 0, unsigned flags = 0) {
    ifinfomsg header{};
    header.ifi_index = index;
    header.ifi_flags = flags;
    header.ifi_change = flags;
    return header;
}

Message new_bridge(const BridgeNetwork& network) {
    Message message(RTM_NEWLINK, create, link_header(0, IFF_UP));
    message.put(IFLA_IFNAME, network.bridge).put_u32(IFLA_MTU, network.mtu);
    // Without an address of its own a bridge takes the lowest of its ports', and changes it as they come and go.
    message.put_mac(IFLA_ADDRESS, mac_of(network.gateway));
    message.nest(IFLA_LINKINFO, [](Message& info) {
        info.put(IFLA_INFO_KIND, std::string("bridge"));
        info.nest(IFLA_INFO_DATA, [](Message& data) {
            data.put_u32(IFLA_BR_STP_STATE, 0).put_u32(IFLA_BR_FORWARD_DELAY, 0);
            data.put_u8(IFLA_BR_MCAST_SNOOPING, 0);
        });
    });
    return message;
}

Message new_address(int index, const Subnet& subnet, Address address) {
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = static_cast<unsigned char>(subnet.prefix);
    header.ifa_index = index;
    Message message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, header);
    message.put_address(IFA_LOCAL, address).put_address(IFA_ADDRESS, address);
    if (subnet.prefix < 31) message.put_address(IFA_BROADCAST, subnet.broadcast());
    return message;
}

/// Both ends in one message: ours on the bridge and up, the other born in the namespace with its name and address.
Message new_veth(const Fd& netns, const BridgeNetwork& network, const Endpoint& endpoint, int bridge) {
    Message message(RTM_NEWLINK, create, link_header(0, IFF_UP));
    message.put(IFLA_IFNAME, veth_name(endpoint.network, endpoint.container));
    message.put_u32(IFLA_MTU, network.mtu).put_u32(IFLA_MASTER, bridge);
    const std::string mac = endpoint.mac.empty() ? mac_of(endpoint.address) : endpoint.mac;
    message.nest(IFLA_LINKINFO, [&](Message& info) {
        info.put(IFLA_INFO_KIND, std::string("veth"));
        info.nest(IFLA_INFO_DATA, [&](Message& data) {
            data.nest(VETH_INFO_PEER, [&](Message& peer) {
                const ifinfomsg header = link_header();
                peer.append(&header, sizeof header).put(IFLA_IFNAME, endpoint.interface_name);
                peer.put_mac(IFLA_ADDRESS, mac).put_u32(IFLA_MTU, network.mtu);
                peer.put_u32(IFLA_NET_NS_FD, netns.get());
            });
        });
    });
    return message;
}

Message default_route(int index, Address gateway) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_type = RTN_UNICAST;
    Message message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, header);
    message.put_address(RTA_GATEWAY, gateway).put_u32(RTA_OIF, index);
    return message;
}

/// Tells the bridge where the endpoint's MAC lives, and that no other port may claim it (SEC-51). Without this, frames
/// would go to the port of a predecessor with the same address until its namespace is gone.
Message forwarding_entry(int port, const std::string& mac) {
    ndmsg header{};
    header.ndm_family = AF_BRIDGE;
    header.ndm_ifindex = port;
    header.ndm_state = NUD_NOARP;
    header.ndm_flags = NTF_MASTER | NTF_STICKY;
    Message message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header);
    message.put_mac(NDA_LLADDR, mac);
    return message;
}

/// Makes the kernel take notice of the carrier now. It does so in a worker otherwise, and drops the port's packets
/// until then: the first ARP request would be lost, and a second one is only sent after a second. (rtnl_getlink,
/// since 6.9)
Message notice_carrier(int port) {
    Message message(RTM_GETLINK, 0, link_header(port));
    message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return message;
}

Message port_setting(int port, int attribute) {
    ifinfomsg header = link_header(port);
    header.ifi_family = AF_BRIDGE;
    Message message(RTM_SETLINK, 0, header);
    message.nest(IFLA_PROTINFO, [&](Message& info) { info.put_u8(attribute, 1); });
    return message;
}

/// Whether bridged packets go through the firewall here (the module br_netfilter). Then a container's packet to its own
/// published port gets its new destination within the bridge, and has to leave by the port that it came from.
bool bridges_call_firewall() {
    return read_file_if_exists("/proc/sys/net/bridge/bridge-nf-call-iptables").value_or("0").starts_with('1');
}

void configure_inside(const Fd& netns, const BridgeNetwork& network, const Endpoint& endpoint) {
    NetlinkSocket inside = netlink_in(netns, NETLINK_ROUTE);
    const int index = inside.link_index(endpoint.interface_name);
    std::vector<Message> batch;
    batch.push_back(new_address(index, network.subnet, endpoint.address));
    batch.emplace_back(RTM_NEWLINK, 0, link_header(index, IFF_UP));
    if (endpoint.default_route && !network.internal) batch.push_back(default_route(index, network.gateway));
    inside.request(batch, fmt::format("configure {}", endpoint.interface_name));
}

}  // namespace

/// Idle netlink sockets: each worker takes one for the length of a call.
struct Links::State {
    std::mutex mutex;
    std::vector<std::unique_ptr<NetlinkSocket>> idle;

    std::unique_ptr<NetlinkSocket> take() {
        const std::lock_guard lock(mutex);
        if (idle.empty()) return std::make_unique<NetlinkSocket>(NETLINK_ROUTE);
        auto socket = std::move(idle.back());
        idle.pop_back();
        return socket;
    }
    void give(std::unique_ptr<NetlinkSocket> socket) {
        const std::lock_guard lock(mutex);
        if (idle.size() < 8) idle.push_back(std::move(socket));
    }
    /// Borrows a socket for one scope. After an exception it is closed: unread answers may wait in it.
    template <class Work>
    auto with(Work work) {
        auto socket = take();
        if constexpr (std::is_void_v<decltype(work(*socket))>) {
            work(*socket);
            give(std::move(socket));
        } else {
            auto result = work(*socket);
            give(std::move(socket));
            return result;
        }
    }
    void remove(NetlinkSocket& socket, const std::string& name) {
        std::vector<Message> batch;
        batch.emplace_back(RTM_DELLINK, 0, link_header()).put(IFLA_IFNAME, name);
        const int code = socket.send(batch);
        if (code != 0 && code != ENODEV) fail(kind_of(code), "remove link {}: {}", name, socket.last_error());
    }
    int bridge_index(NetlinkSocket& socket, const BridgeNetwork& network) {
        const int index = socket.link_index(network.bridge);
        if (index == 0)
            fail(Kind::not_found, "bridge {} of network {} is not there; somebody removed it", network.bridge,
                 network.name);
        return index;
    }
    /// Makes the pair. A link of the same name is the last life of this endpoint, whose namespace the kernel has not
    /// taken apart yet: it goes first.
    void make_pair(NetlinkSocket& socket, const Fd& netns, const BridgeNetwork& network, const Endpoint& endpoint) {
        const int bridge = bridge_index(socket, network);
        for (int attempt = 0;; ++attempt) {
            std::vector<Message> batch;
            batch.push_back(new_veth(netns, network, endpoint, bridge));
            const int code = socket.send(batch);
            if (code == 0) return;
            const std::string why = socket.last_error();
            const std::string name = veth_name(endpoint.network, endpoint.container);
            if (code != EEXIST || attempt == 3 || inside_has(netns, endpoint))
                fail(kind_of(code), "make interface {}: {}", endpoint.interface_name, why);
            remove(socket, name);
        }
    }
    /// Whether the namespace has an interface of that name already: then the clash is there, not on our side.
    bool inside_has(const Fd& netns, const Endpoint& endpoint) {
        return netlink_in(netns, NETLINK_ROUTE).link_index(endpoint.interface_name) != 0;
    }
    void settle_port(NetlinkSocket& socket, const BridgeNetwork& network, const Endpoint& endpoint) {
        const int port = socket.link_index(veth_name(endpoint.network, endpoint.container));
        std::vector<Message> batch;
        batch.push_back(forwarding_entry(port, endpoint.mac.empty() ? mac_of(endpoint.address) : endpoint.mac));
        // Isolated ports reach the bridge itself and the way out, but not each other.
        if (!network.inter_container) batch.push_back(port_setting(port, IFLA_BRPORT_ISOLATED));
        if (bridges_call_firewall()) batch.push_back(port_setting(port, IFLA_BRPORT_MODE));
        batch.push_back(notice_carrier(port));
        batch.push_back(notice_carrier(socket.link_index(network.bridge)));  // on since its first port, likewise
        socket.request(batch, "plug into bridge " + network.bridge);
    }
};

Links::Links() : state_(std::make_unique<State>()) {}
Links::~Links() = default;

void Links::ensure_bridge(const BridgeNetwork& network) try {
    state_->with([&](NetlinkSocket& socket) {
        std::vector<Message> made;
        made.push_back(new_bridge(network));
        const int code = socket.send(made);
        if (code != 0 && code != EEXIST) fail(kind_of(code), "make bridge {}: {}", network.bridge, socket.last_error());
        const int index = state_->bridge_index(socket, network);
        // Packets to 127.0.0.1 at a published port leave through the bridge, and their answers come back to it; only
        // here are loopback addresses routable, and the firewall drops those that others send (SEC-47).
        write_sysctl(fmt::format("ipv4/conf/{}/route_localnet", network.bridge), "1");
        write_sysctl(fmt::format("ipv6/conf/{}/disable_ipv6", network.bridge), "1", true);
        std::vector<Message> batch;
        batch.push_back(new_address(index, network.subnet, network.gateway));
        batch.emplace_back(RTM_NEWLINK, 0, link_header(index, IFF_UP));
        socket.request(batch, "configure bridge " + network.bridge);
    });
} catch (Error& e) {
    e.during("network {}", network.name);
    throw;
}

void Links::remove_bridge(const BridgeNetwork& network) {
    remove_link(network.bridge);
}

void Links::remove_link(const std::string& name) {
    state_->with([&](NetlinkSocket& socket) { state_->remove(socket, name); });
}

void Links::attach(const Fd& netns, const BridgeNetwork& network, const Endpoint& endpoint) try {
    state_->with([&](NetlinkSocket& socket) {
        state_->make_pair(socket, netns, network, endpoint);
        try {
            configure_inside(netns, network, endpoint);
            state_->settle_port(socket, network, endpoint);
        } catch (...) {
            state_->remove(socket, veth_name(endpoint.network, endpoint.container));
            throw;
        }
    });
} catch (Error& e) {
    e.during("connect container {} to network {}", endpoint.container.shortened(), network.name);
    throw;
}

void Links::detach(const Endpoint& endpoint) {
    remove_link(veth_name(endpoint.network, endpoint.container));
}

void Links::route_through(const Fd& netns, const BridgeNetwork& network, const Endpoint& endpoint) {
    NetlinkSocket inside = netlink_in(netns, NETLINK_ROUTE);
    std::vector<Message> batch;
    batch.push_back(default_route(inside.link_index(endpoint.interface_name), network.gateway));
    inside.request(batch, "set the default route through " + network.name);
}

std::vector<std::string> Links::ours() {
    std::vector<std::string> names;
    state_->with([&](NetlinkSocket& socket) {
        socket.dump(Message(RTM_GETLINK, 0, link_header()), [&](const nlmsghdr* answer) {
            const nlattr* name = nlmsg_find_attr(const_cast<nlmsghdr*>(answer), sizeof(ifinfomsg), IFLA_IFNAME);
            const std::string text = name ? nla_get_string(name) : "";
            if (text.starts_with("hb-") || text.starts_with("hv-")) names.push_back(text);
        });
    });
    return names;
}

}  // namespace hoist::netmgr
