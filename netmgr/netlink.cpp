// SPDX-License-Identifier: Apache-2.0
#include "netmgr/netlink.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdio>

#include "base/error.h"

namespace hoist::netmgr {
namespace {

constexpr std::size_t message_room = 1024;  // the largest of ours has some 300 bytes

/// The kernel's own explanation, which follows the copied request in an NLMSG_ERROR.
std::string extended_error(const nlmsghdr* header) {
    if (!(header->nlmsg_flags & NLM_F_ACK_TLVS)) return {};
    const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
    std::size_t skip = sizeof(nlmsgerr);
    if (!(header->nlmsg_flags & NLM_F_CAPPED)) skip += error->msg.nlmsg_len - sizeof(nlmsghdr);
    const int left = static_cast<int>(header->nlmsg_len - NLMSG_HDRLEN - skip);
    const auto* first = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(error) + skip);
    const nlattr* found = left > 0 ? nla_find(first, left, NLMSGERR_ATTR_MSG) : nullptr;
    return found ? std::string(nla_get_string(found)) : std::string();
}

}  // namespace

Message::Message(int type, int flags, const void* header, std::size_t size) : message_(nlmsg_alloc_size(message_room)) {
    if (!message_ || !nlmsg_put(message_.get(), 0, 0, type, 0, NLM_F_REQUEST | flags)) throw std::bad_alloc();
    append(header, size);
}

Message& Message::put(int attribute, const void* data, std::size_t size) {
    if (nla_put(message_.get(), attribute, static_cast<int>(size), data) < 0)
        fail(Kind::internal, "a netlink message has no room for attribute {}", attribute);
    return *this;
}

Message& Message::put_address(int attribute, Address address) {
    return put_u32(attribute, htonl(address.value));
}

Message& Message::put_mac(int attribute, const std::string& mac) {
    unsigned char bytes[6];
    int end = 0;
    if (std::sscanf(mac.c_str(), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", bytes, bytes + 1, bytes + 2, bytes + 3,
                    bytes + 4, bytes + 5, &end) != 6 ||
        static_cast<std::size_t>(end) != mac.size())
        fail(Kind::invalid, "\"{}\" is no MAC address: write six bytes as in 02:42:0a:d5:00:02", mac);
    return put(attribute, bytes, sizeof bytes);
}

Message& Message::nest(int attribute, const std::function<void(Message&)>& fill) {
    nlattr* start = nla_nest_start(message_.get(), attribute);
    if (!start) fail(Kind::internal, "a netlink message has no room for attribute {}", attribute);
    fill(*this);
    start->nla_len =
        static_cast<std::uint16_t>(reinterpret_cast<char*>(nlmsg_tail(header())) - reinterpret_cast<char*>(start));
    return *this;
}

Message& Message::append(const void* data, std::size_t size) {
    if (nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) < 0)
        fail(Kind::internal, "a netlink message has no room for {} bytes", size);
    return *this;
}

NetlinkSocket::NetlinkSocket(int protocol)
    : socket_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), "open a netlink socket")), buffer_(8192) {
    const int on = 1;
    ::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    ::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

// The kernel answers requests before send returns, and dumps as they are read: waiting would only ever be for an
// answer that does not come.
std::size_t NetlinkSocket::receive() {
    ssize_t size = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return 0;
    if (size > static_cast<ssize_t>(buffer_.size())) buffer_.resize(size);
    size = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    return check(size, "read from netlink");
}

int NetlinkSocket::send(std::vector<Message>& batch, std::size_t unanswered) {
    std::vector<iovec> parts;
    for (Message& message : batch) {
        message.header()->nlmsg_seq = ++sequence_;
        parts.push_back({message.header(), NLMSG_ALIGN(message.header()->nlmsg_len)});
    }
    nlmsghdr* last = batch[batch.size() - 1 - unanswered].header();
    last->nlmsg_flags |= NLM_F_ACK;  // the others answer only if they fail
    msghdr out{};
    out.msg_iov = parts.data();
    out.msg_iovlen = parts.size();
    check(::sendmsg(socket_.get(), &out, 0), "send to netlink");
    for (int first_error = 0;;) {
        int left = static_cast<int>(receive());
        if (left == 0) return first_error ? first_error : EIO;
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer_.data()); nlmsg_ok(header, left);
             header = nlmsg_next(header, &left)) {
            if (header->nlmsg_type != NLMSG_ERROR) continue;
            const int code = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
            if (code != 0 && first_error == 0) {
                first_error = code;
                const std::string words = extended_error(header);
                last_error_ = words.empty() ? std::strerror(code) : fmt::format("{} ({})", std::strerror(code), words);
            }
            if (header->nlmsg_seq == last->nlmsg_seq) return first_error;
        }
    }
}

void NetlinkSocket::request(std::vector<Message>& batch, std::string_view doing) {
    if (const int code = send(batch)) fail(kind_of(code), "{}: {}", doing, last_error_);
}

void NetlinkSocket::request(Message message, std::string_view doing) {
    std::vector<Message> batch;
    batch.push_back(std::move(message));
    request(batch, doing);
}

void NetlinkSocket::dump(Message message, const std::function<void(const nlmsghdr*)>& each) {
    message.header()->nlmsg_flags |= NLM_F_DUMP;
    ask(std::move(message), each);
}

void NetlinkSocket::ask(Message message, const std::function<void(const nlmsghdr*)>& each) {
    const bool dump = (message.header()->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    if (!dump) message.header()->nlmsg_flags |= NLM_F_ACK;  // marks the end, as NLMSG_DONE does for a dump
    message.header()->nlmsg_seq = ++sequence_;
    check(::send(socket_.get(), message.header(), message.header()->nlmsg_len, 0), "send to netlink");
    read_answers(each);
}

void NetlinkSocket::read_answers(const std::function<void(const nlmsghdr*)>& each) {
    for (;;) {
        int left = static_cast<int>(receive());
        if (left == 0) fail(Kind::internal, "ask through netlink: the kernel's answer ends early");
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer_.data()); nlmsg_ok(header, left);
             header = nlmsg_next(header, &left)) {
            if (header->nlmsg_seq != sequence_) continue;
            if (header->nlmsg_type == NLMSG_DONE) return;
            if (header->nlmsg_type == NLMSG_ERROR) {
                const int code = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
                if (code == 0) return;
                fail_errno(code, "ask through netlink");
            }
            each(header);
        }
    }
}

int NetlinkSocket::link_index(const std::string& name) const {
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(socket_.get(), SIOCGIFINDEX, &request) == 0) return request.ifr_ifindex;
    if (errno == ENODEV) return 0;
    fail_errno(errno, "look up link {}", name);
}

NetnsGuard::NetnsGuard(const Fd& netns) : home_(open_file("/proc/thread-self/ns/net", O_RDONLY)) {
    check(::setns(netns.get(), CLONE_NEWNET), "enter a network namespace");
}

// A thread that cannot come home would go on to program the wrong network: stop the process instead.
NetnsGuard::~NetnsGuard() {
    if (::setns(home_.get(), CLONE_NEWNET) != 0) std::terminate();
}

NetlinkSocket netlink_in(const Fd& netns, int protocol) {
    NetnsGuard inside(netns);
    return NetlinkSocket(protocol);
}

}  // namespace hoist::netmgr
