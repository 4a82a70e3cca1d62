// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "runtime/monitor_protocol.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t largest_packet = 64 << 10;
constexpr std::size_t largest_message = 16 << 20;
constexpr std::size_t most_fds = 64;
constexpr std::string_view in_memfd = "{\"in\":\"memfd\"}";  // the message is in the first descriptor

union ControlBuffer {
    cmsghdr align;
    std::array<char, CMSG_SPACE(sizeof(int) * most_fds)> bytes;
};

bool send_packet(const Fd& socket, std::string_view text, const int* fds, std::size_t count) {
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    ControlBuffer control{};
    if (count > 0) {
        header.msg_control = control.bytes.data();
        header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
        std::memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
    }
    for (;;) {
        if (::sendmsg(socket.get(), &header, MSG_NOSIGNAL) >= 0) return true;
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return false;
        if (errno == EPIPE || errno == ECONNRESET) fail(Kind::unavailable, "the other end of the connection is gone");
        fail_errno(errno, "send to the monitor's socket");
    }
}

std::vector<Fd> take_fds(msghdr& header) {
    std::vector<Fd> fds;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        std::array<int, most_fds> raw;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        std::memcpy(raw.data(), CMSG_DATA(part), count * sizeof(int));
        for (std::size_t i = 0; i < count; ++i) fds.emplace_back(raw[i]);
    }
    return fds;
}

[[noreturn]] void fail_closed() {
    fail(Kind::unavailable, "the other end has closed the connection");
}

/// The size of the next packet; nullopt if none is waiting.
std::optional<std::size_t> next_size(const Fd& socket) {
    for (;;) {
        char byte;
        const ssize_t size = ::recv(socket.get(), &byte, 1, MSG_PEEK | MSG_TRUNC);
        if (size > 0) return static_cast<std::size_t>(size);
        if (size == 0 || errno == ECONNRESET) fail_closed();
        if (errno == EAGAIN) return std::nullopt;
        if (errno != EINTR) fail_errno(errno, "receive from the monitor's socket");
    }
}

std::string read_memfd(const Fd& fd) {
    check(::lseek(fd.get(), 0, SEEK_SET), "read a long message");
    return read_all(fd, largest_message);
}

}  // namespace

bool send_message(const Fd& socket, const Json& body, const std::vector<int>& fds) {
    if (fds.size() >= most_fds) fail(Kind::invalid, "a message with {} descriptors is too large", fds.size());
    // Texts that are not UTF-8 (a container's environment) must not end the conversation.
    const std::string text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() <= largest_packet) return send_packet(socket, text, fds.data(), fds.size());
    const Fd long_text(check(::memfd_create("hoist-message", MFD_CLOEXEC), "make a memfd for a message"));
    write_all(long_text, text, "a long message");
    std::vector<int> with_text{long_text.get()};
    with_text.insert(with_text.end(), fds.begin(), fds.end());
    return send_packet(socket, in_memfd, with_text.data(), with_text.size());
}

std::optional<Message> receive_message(const Fd& socket) {
    const auto size = next_size(socket);
    if (!size) return std::nullopt;
    std::string text(*size, '\0');
    iovec part{text.data(), text.size()};
    ControlBuffer control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    ssize_t got;
    do got = ::recvmsg(socket.get(), &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) fail_closed();
    check(got, "receive from the monitor's socket");
    Message message{.body = {}, .fds = take_fds(header)};
    if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        fail(Kind::invalid, "a message on the monitor's socket was cut off");
    if (text == in_memfd) {
        if (message.fds.empty()) fail(Kind::invalid, "a long message came without its text");
        text = read_memfd(message.fds.front());
        message.fds.erase(message.fds.begin());
    }
    message.body = parse_json(text, "message on the monitor's socket");
    if (!message.body.is_object()) fail(Kind::invalid, "a message on the monitor's socket is not an object");
    return message;
}

}  // namespace hoist::runtime
