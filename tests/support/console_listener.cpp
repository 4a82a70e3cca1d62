// SPDX-License-Identifier: Apache-2.0
#include "tests/support/console_listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "base/error.h"
#include "base/path.h"

namespace hoist::test {
namespace {

constexpr int patience_ms = 5000;

void wait_readable(const Fd& fd, const char* what) {
    pollfd waiting{fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, patience_ms) != 1) fail(Kind::timeout, "{}: nothing came", what);
}

}  // namespace

ConsoleListener::ConsoleListener(std::string path) : path_(std::move(path)) {
    const auto split = split_path(path_);
    const Fd directory = open_file(split.parent, O_PATH | O_DIRECTORY);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string reachable = fd_path(directory) + "/" + split.name;
    std::memcpy(address.sun_path, reachable.c_str(), reachable.size() + 1);
    socket_ = Fd(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket"));
    check(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind {}", path_);
    check(::listen(socket_.get(), 4), "listen on {}", path_);
}

Fd ConsoleListener::take() const {
    wait_readable(socket_, "console socket");
    const Fd peer(check(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept on {}", path_));
    wait_readable(peer, "console socket");
    char text[100];
    iovec data{text, sizeof text};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    check(::recvmsg(peer.get(), &message, MSG_CMSG_CLOEXEC), "receive the terminal");
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (!header) fail(Kind::invalid, "console socket: no descriptor came");
    int raw = -1;
    std::memcpy(&raw, CMSG_DATA(header), sizeof raw);
    return Fd(raw);
}

std::string read_until(const Fd& fd, const std::string& end) {
    std::string text;
    char letters[1000];
    for (;;) {
        if (text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0) return text;
        pollfd waiting{fd.get(), POLLIN, 0};
        if (::poll(&waiting, 1, patience_ms) != 1) return text;
        const ssize_t got = ::read(fd.get(), letters, sizeof letters);
        if (got <= 0) return text;
        text.append(letters, static_cast<std::size_t>(got));
    }
}

}  // namespace hoist::test
