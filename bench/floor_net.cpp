// SPDX-License-Identifier: Apache-2.0
#include "bench/floor_net.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hoist::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::_Exit(125);
}

/// One netlink request under construction.
struct Request {
    alignas(8) char bytes[1024] = {};

    Request(int type, int flags) {
        header()->nlmsg_len = NLMSG_HDRLEN;
        header()->nlmsg_type = static_cast<unsigned short>(type);
        header()->nlmsg_flags = static_cast<unsigned short>(NLM_F_REQUEST | NLM_F_ACK | flags);
    }
    nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(bytes); }
    void* add(const void* data, std::size_t size) {
        void* place = bytes + NLMSG_ALIGN(header()->nlmsg_len);
        if (data) std::memcpy(place, data, size);
        header()->nlmsg_len = static_cast<unsigned>(NLMSG_ALIGN(header()->nlmsg_len) + size);
        return place;
    }
    rtattr* attribute(int type, const void* data, std::size_t size) {
        rtattr head{static_cast<unsigned short>(RTA_LENGTH(size)), static_cast<unsigned short>(type)};
        auto* place = static_cast<rtattr*>(add(&head, sizeof head));
        if (size) add(data, size);
        return place;
    }
    void close(rtattr* nest) {
        nest->rta_len = static_cast<unsigned short>(bytes + header()->nlmsg_len - reinterpret_cast<char*>(nest));
    }
    void send(int socket) {
        if (::send(socket, bytes, header()->nlmsg_len, 0) < 0) give_up("netlink send");
        char answer[4096];
        const ssize_t got = ::recv(socket, answer, sizeof answer, 0);
        const auto* reply = reinterpret_cast<const nlmsghdr*>(answer);
        if (got < 0 || reply->nlmsg_type != NLMSG_ERROR) give_up("netlink receive");
        const int code = reinterpret_cast<const nlmsgerr*>(NLMSG_DATA(reply))->error;
        if (code != 0) {
            errno = -code;
            give_up("netlink");
        }
    }
};

int open_netlink() {
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) give_up("netlink socket");
    return fd;
}

void set_up(int socket, int index) {
    Request request(RTM_NEWLINK, 0);
    ifinfomsg info{};
    info.ifi_index = index;
    info.ifi_flags = info.ifi_change = IFF_UP;
    request.add(&info, sizeof info);
    request.send(socket);
}

}  // namespace

void plug_veth(const std::string& bridge, int pid) {
    const int socket = open_netlink();
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    ifinfomsg info{};
    info.ifi_flags = info.ifi_change = IFF_UP;
    request.add(&info, sizeof info);
    char name[IFNAMSIZ];
    std::snprintf(name, sizeof name, "fl%d", pid);
    request.attribute(IFLA_IFNAME, name, std::strlen(name) + 1);
    const unsigned master = ::if_nametoindex(bridge.c_str());
    request.attribute(IFLA_MASTER, &master, sizeof master);
    rtattr* link = request.attribute(IFLA_LINKINFO, nullptr, 0);
    request.attribute(IFLA_INFO_KIND, "veth", 5);
    rtattr* data = request.attribute(IFLA_INFO_DATA, nullptr, 0);
    rtattr* peer = request.attribute(VETH_INFO_PEER, nullptr, 0);
    ifinfomsg peer_info{};
    request.add(&peer_info, sizeof peer_info);
    request.attribute(IFLA_IFNAME, "eth0", 5);
    request.attribute(IFLA_NET_NS_PID, &pid, sizeof pid);
    request.close(peer);
    request.close(data);
    request.close(link);
    request.send(socket);
    ::close(socket);
}

void bring_up_inside(const std::string& address, const std::string& gateway) {
    const int socket = open_netlink();
    set_up(socket, 1);
    if (!address.empty()) {
        const int eth0 = static_cast<int>(::if_nametoindex("eth0"));
        Request add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
        ifaddrmsg info{};
        info.ifa_family = AF_INET;
        info.ifa_prefixlen = 16;
        info.ifa_index = static_cast<unsigned>(eth0);
        add.add(&info, sizeof info);
        in_addr value{};
        ::inet_pton(AF_INET, address.c_str(), &value);
        add.attribute(IFA_LOCAL, &value, sizeof value);
        add.attribute(IFA_ADDRESS, &value, sizeof value);
        add.send(socket);
        set_up(socket, eth0);
        Request route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
        rtmsg message{};
        message.rtm_family = AF_INET;
        message.rtm_table = RT_TABLE_MAIN;
        message.rtm_protocol = RTPROT_BOOT;
        message.rtm_type = RTN_UNICAST;
        route.add(&message, sizeof message);
        ::inet_pton(AF_INET, gateway.c_str(), &value);
        route.attribute(RTA_GATEWAY, &value, sizeof value);
        route.attribute(RTA_OIF, &eth0, sizeof eth0);
        route.send(socket);
    }
    ::close(socket);
}

}  // namespace hoist::bench
