// SPDX-License-Identifier: Apache-2.0
#include "runtime/unix_socket.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "base/error.h"
#include "base/path.h"

namespace hoist::runtime {

UnixAddress::UnixAddress(const std::string& path) {
    address_.sun_family = AF_UNIX;
    std::string text = path;
    const auto slash = path.rfind('/');
    if (path.size() >= sizeof address_.sun_path && slash != std::string::npos) {
        directory_ = open_file(path.substr(0, slash + 1), O_PATH | O_DIRECTORY);
        text = fd_path(directory_) + path.substr(slash);
    }
    if (text.empty() || text.size() >= sizeof address_.sun_path) fail(Kind::invalid, "socket {}: no such name", path);
    text.copy(address_.sun_path, sizeof address_.sun_path - 1);
    if (text[0] != '@') return;
    address_.sun_path[0] = '\0';
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
}

Fd connect_unix(const std::string& path, int type) {
    const UnixAddress address(path);
    Fd socket(check(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "make a socket"));
    check(::connect(socket.get(), address.get(), address.size()), "connect to {}", path);
    return socket;
}

void send_descriptor(const Fd& socket, const Fd& descriptor, const std::string& text) {
    iovec data{const_cast<char*>(text.data()), text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int raw = descriptor.get();
    std::memcpy(CMSG_DATA(header), &raw, sizeof raw);
    check(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), "send a descriptor");
}

}  // namespace hoist::runtime
