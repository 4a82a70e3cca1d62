// SPDX-License-Identifier: Apache-2.0
// The resolver's sockets inside a container's namespace, and the packet rewriting that makes them port 53.
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "netmgr/dns.h"
#include "netmgr/netlink.h"

namespace hoist::netmgr {
namespace {

constexpr std::uint32_t resolver = 0x7f00000b;  // 127.0.0.11
constexpr std::uint16_t dns_port = 53;
// Above the range from which the kernel gives ports to clients, so that it is free nearly always; where not, any other.
constexpr std::uint16_t usual_port = 61053;

Fd bind_socket(int type) {
    Fd socket(check(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "open a resolver socket"));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(resolver);
    for (const std::uint16_t port : {usual_port, std::uint16_t{0}}) {
        name.sin_port = htons(port);
        if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0) return socket;
    }
    fail_errno(errno, "bind the resolver to 127.0.0.11");
}

std::uint16_t port_of(const Fd& socket) {
    sockaddr_in name{};
    socklen_t size = sizeof name;
    check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size), "read the resolver's port");
    return ntohs(name.sin_port);
}

// Plain rewriting of the port on the way out, both ways, without connection tracking: everything stays on loopback, and
// so the namespace needs no tracking table of its own. One batch of raw messages costs a third of asking libnftables.
Message nft(int type, int flags) {
    const nfgenmsg header{NFPROTO_IPV4, NFNETLINK_V0, 0};
    return Message(NFNL_SUBSYS_NFTABLES << 8 | type, flags, header);
}

Message batch_mark(int type) {
    const nfgenmsg header{AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)};
    return Message(type, 0, header);
}

void put_be32(Message& message, int attribute, std::uint32_t value) {
    message.put_u32(attribute, htonl(value));
}

void expression(Message& list, const char* name, const std::function<void(Message&)>& fill) {
    list.nest(NFTA_LIST_ELEM,
              [&](Message& element) { element.put(NFTA_EXPR_NAME, std::string(name)).nest(NFTA_EXPR_DATA, fill); });
}

void expect(Message& list, const void* value, std::size_t size) {
    expression(list, "cmp", [&](Message& data) {
        put_be32(data, NFTA_CMP_SREG, NFT_REG_1);
        put_be32(data, NFTA_CMP_OP, NFT_CMP_EQ);
        data.nest(NFTA_CMP_DATA, [&](Message& inner) { inner.put(NFTA_DATA_VALUE, value, size); });
    });
}

void load(Message& list, int base, int offset, int size) {
    expression(list, "payload", [&](Message& data) {
        put_be32(data, NFTA_PAYLOAD_DREG, NFT_REG_1);
        put_be32(data, NFTA_PAYLOAD_BASE, base);
        put_be32(data, NFTA_PAYLOAD_OFFSET, offset);
        put_be32(data, NFTA_PAYLOAD_LEN, size);
    });
}

void store_port(Message& list, int offset, std::uint16_t port, int checksum_offset) {
    expression(list, "immediate", [&](Message& data) {
        const std::uint16_t value = htons(port);
        put_be32(data, NFTA_IMMEDIATE_DREG, NFT_REG_1);
        data.nest(NFTA_IMMEDIATE_DATA, [&](Message& inner) { inner.put(NFTA_DATA_VALUE, &value, sizeof value); });
    });
    expression(list, "payload", [&](Message& data) {
        put_be32(data, NFTA_PAYLOAD_SREG, NFT_REG_1);
        put_be32(data, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
        put_be32(data, NFTA_PAYLOAD_OFFSET, offset);
        put_be32(data, NFTA_PAYLOAD_LEN, 2);
        put_be32(data, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
        put_be32(data, NFTA_PAYLOAD_CSUM_OFFSET, checksum_offset);
    });
}

/// Which address and port of a packet to look at: offsets in the IPv4 and in the transport header.
struct Side {
    int address, port;
};
constexpr Side source_side{12, 0}, destination{16, 2};

Message rule(const char* chain, std::uint8_t protocol, Side side, std::uint16_t from, std::uint16_t to) {
    Message message = nft(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    message.put(NFTA_RULE_TABLE, std::string("hoist")).put(NFTA_RULE_CHAIN, std::string(chain));
    message.nest(NFTA_RULE_EXPRESSIONS, [&](Message& list) {
        const std::uint32_t address = htonl(resolver);
        const std::uint16_t port = htons(from);
        load(list, NFT_PAYLOAD_NETWORK_HEADER, side.address, 4);
        expect(list, &address, sizeof address);
        load(list, NFT_PAYLOAD_NETWORK_HEADER, 9, 1);
        expect(list, &protocol, sizeof protocol);
        load(list, NFT_PAYLOAD_TRANSPORT_HEADER, side.port, 2);
        expect(list, &port, sizeof port);
        store_port(list, side.port, to, protocol == IPPROTO_UDP ? 6 : 16);
    });
    return message;
}

Message chain(const char* name, int hook, int priority) {
    Message message = nft(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    message.put(NFTA_CHAIN_TABLE, std::string("hoist")).put(NFTA_CHAIN_NAME, std::string(name));
    message.nest(NFTA_CHAIN_HOOK, [&](Message& data) {
        put_be32(data, NFTA_HOOK_HOOKNUM, hook);
        put_be32(data, NFTA_HOOK_PRIORITY, priority);
    });
    message.put(NFTA_CHAIN_TYPE, std::string("filter"));
    return message;
}

void redirect_port(std::uint16_t udp, std::uint16_t tcp) {
    std::vector<Message> batch;
    batch.push_back(batch_mark(NFNL_MSG_BATCH_BEGIN));
    batch.push_back(nft(NFT_MSG_NEWTABLE, NLM_F_CREATE));
    batch.back().put(NFTA_TABLE_NAME, std::string("hoist"));
    // Before tracking on the way to us and behind it on the way back: a container that tracks connections sees one.
    batch.push_back(chain("ask", NF_INET_LOCAL_OUT, -300));
    batch.push_back(chain("answer", NF_INET_POST_ROUTING, 300));
    batch.push_back(rule("ask", IPPROTO_UDP, destination, dns_port, udp));
    batch.push_back(rule("ask", IPPROTO_TCP, destination, dns_port, tcp));
    batch.push_back(rule("answer", IPPROTO_UDP, source_side, udp, dns_port));
    batch.push_back(rule("answer", IPPROTO_TCP, source_side, tcp, dns_port));
    batch.push_back(batch_mark(NFNL_MSG_BATCH_END));
    NetlinkSocket socket(NETLINK_NETFILTER);
    if (const int code = socket.send(batch, 1))
        fail(kind_of(code), "redirect 127.0.0.11:53 in the container's network: {}", socket.last_error());
}

}  // namespace

DnsSockets open_dns_sockets(const Fd& netns) {
    const NetnsGuard inside(netns);
    DnsSockets sockets{bind_socket(SOCK_DGRAM), bind_socket(SOCK_STREAM)};
    check(::listen(sockets.tcp.get(), 16), "listen on the resolver's socket");
    redirect_port(port_of(sockets.udp), port_of(sockets.tcp));
    return sockets;
}

}  // namespace hoist::netmgr
