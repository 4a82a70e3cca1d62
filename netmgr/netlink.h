#pragma once
// SPDX-License-Identifier: Apache-2.0
// Netlink requests in batches: several messages, one system call. For netmgr's own sources.

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "netmgr/address.h"

namespace hoist::netmgr {

/// One request under construction; a thin owner of libnl's nl_msg.
class Message {
public:
    /// A request of `type` whose fixed part is `header` (ifinfomsg, nfgenmsg, ...).
    template <class Header>
    Message(int type, int flags, const Header& header) : Message(type, flags, &header, sizeof header) {}
    Message(int type, int flags, const void* header, std::size_t size);

    Message& put(int attribute, const void* data, std::size_t size);
    Message& put(int attribute, const std::string& text) { return put(attribute, text.c_str(), text.size() + 1); }
    Message& put_u8(int attribute, std::uint8_t value) { return put(attribute, &value, sizeof value); }
    Message& put_u16(int attribute, std::uint16_t value) { return put(attribute, &value, sizeof value); }
    Message& put_u32(int attribute, std::uint32_t value) { return put(attribute, &value, sizeof value); }
    /// An IPv4 address in network byte order.
    Message& put_address(int attribute, Address address);
    /// Six bytes of "02:42:...". @throws Error(invalid) if it is malformed
    Message& put_mac(int attribute, const std::string& mac);
    /// Everything that `fill` adds becomes the content of `attribute`.
    Message& nest(int attribute, const std::function<void(Message&)>& fill);
    /// Raw bytes without an attribute header, as VETH_INFO_PEER wants for its ifinfomsg.
    Message& append(const void* data, std::size_t size);

    nlmsghdr* header() const { return nlmsg_hdr(message_.get()); }

private:
    struct Free {
        void operator()(nl_msg* message) const { nlmsg_free(message); }
    };
    std::unique_ptr<nl_msg, Free> message_;
};

/// A netlink socket; it belongs to the network namespace in which it was opened, whoever uses it afterwards.
class NetlinkSocket {
public:
    explicit NetlinkSocket(int protocol);

    /// Sends the messages in one system call and takes the answers. The last message is acknowledged, but for
    /// `unanswered` at the end that never are (NFNL_MSG_BATCH_END).
    /// @return 0, or the first errno that the kernel reported; its words are then in last_error()
    int send(std::vector<Message>& batch, std::size_t unanswered = 0);
    /// As send. @throws Error that begins with `doing`
    void request(std::vector<Message>& batch, std::string_view doing);
    void request(Message message, std::string_view doing);
    /// Sends a dump request and hands every answer to `each`. @throws Error
    void dump(Message message, const std::function<void(const nlmsghdr*)>& each);
    /// Sends a question about one object and hands the answer to `each`. @throws Error
    void ask(Message message, const std::function<void(const nlmsghdr*)>& each);
    /// The index of a link by name in the socket's namespace; 0 if there is none.
    int link_index(const std::string& name) const;

    /// What the kernel said beyond the errno ("File exists (link already there)"), else strerror.
    const std::string& last_error() const { return last_error_; }

private:
    std::size_t receive();
    void read_answers(const std::function<void(const nlmsghdr*)>& each);
    Fd socket_;
    std::vector<char> buffer_;
    std::string last_error_;
    unsigned sequence_ = 0;
};

/// Puts the calling thread into a network namespace for one scope. Namespaces belong to threads (setns(2)), so a guard
/// never lives across a point where the thread could change.
class NetnsGuard {
public:
    explicit NetnsGuard(const Fd& netns);
    /// Takes over a thread that has left `home` already, by unshare(2).
    struct Returning {};
    NetnsGuard(Fd home, Returning) : home_(std::move(home)) {}
    ~NetnsGuard();
    NetnsGuard(const NetnsGuard&) = delete;
    NetnsGuard& operator=(const NetnsGuard&) = delete;

private:
    Fd home_;
};

/// Opens a netlink socket in another namespace.
NetlinkSocket netlink_in(const Fd& netns, int protocol);

}  // namespace hoist::netmgr
