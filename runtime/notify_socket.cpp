// SPDX-License-Identifier: Apache-2.0
#include "runtime/notify_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "runtime/unix_socket.h"

namespace hoist::runtime {
namespace {

constexpr const char* socket_name = "/notify";
constexpr std::string_view ready = "READY=1";

/// Where those who started us want to hear of it; "" if they do not.
std::string outer_socket() {
    const char* path = std::getenv("NOTIFY_SOCKET");
    return path ? path : "";
}

bool says_ready(std::string_view message) {
    for (auto at = message.find(ready); at != std::string_view::npos; at = message.find(ready, at + 1)) {
        const auto end = at + ready.size();
        if ((at == 0 || message[at - 1] == '\n') && (end == message.size() || message[end] == '\n')) return true;
    }
    return false;
}

}  // namespace

NotifySocket NotifySocket::make(const std::string& state_directory, Config& config) {
    NotifySocket made;
    const std::string outer = outer_socket();
    if (outer.empty()) return made;
    made.directory_ = directory_in(state_directory);
    check(::mkdir(made.directory_.c_str(), 0755), "make {}", made.directory_);
    const std::string inner = outer[0] == '/' ? outer : "/run/notify";  // an abstract name is no place to mount on
    config.mounts.push_back({inner, "bind", made.directory_, {"bind", "rprivate", "nosuid", "nodev", "noexec"}});
    config.process.env.push_back("NOTIFY_SOCKET=" + inner + socket_name);
    return made;
}

NotifySocket NotifySocket::find(const std::string& state_directory) {
    NotifySocket found;
    const std::string directory = directory_in(state_directory);
    if (!outer_socket().empty() && ::access(directory.c_str(), F_OK) == 0) found.directory_ = directory;
    return found;
}

void NotifySocket::listen() {
    if (directory_.empty()) return;
    const std::string path = directory_ + socket_name;
    const UnixAddress address(path);
    socket_ = Fd(check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "make a socket"));
    check(::bind(socket_.get(), address.get(), address.size()), "bind {}", path);
    check(::chmod(address.path(), 0777), "let the container write to {}", path);  // whichever user it runs as
}

bool NotifySocket::pass_on() const {
    std::array<char, 4096> message;
    const ssize_t got = ::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT);
    if (got <= 0 || !says_ready({message.data(), static_cast<std::size_t>(got)})) return false;
    const Fd outer = connect_unix(outer_socket(), SOCK_DGRAM);
    check(::send(outer.get(), ready.data(), ready.size(), MSG_NOSIGNAL), "tell {}", outer_socket());
    return true;
}

void NotifySocket::wait_until_ready(const Fd& process) const {
    if (!socket_) return;
    std::array<pollfd, 2> waiting = {{{socket_.get(), POLLIN, 0}, {process.get(), POLLIN, 0}}};
    for (;;) {
        if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
        if (waiting[0].revents && pass_on()) return;
        if (!waiting[0].revents && waiting[1].revents) return;
    }
}

}  // namespace hoist::runtime
