// SPDX-License-Identifier: Apache-2.0
#include "daemon/system.h"

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace hoist::daemon {

Fd lock_pid_file(const std::string& path) {
    Fd file = open_file(path, O_RDWR | O_CREAT, 0644);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) fail_errno(errno, "lock {}", path);
        const std::string holder(trim(read_all(file)));
        fail(Kind::conflict,
             "hoistd already runs with pid {} ({} is locked): stop it first, or use other --root and --run",
             holder.empty() ? "unknown" : holder, path);
    }
    check(::ftruncate(file.get(), 0), "empty {}", path);
    write_all(file, fmt::format("{}\n", ::getpid()), path);
    return file;
}

std::optional<Fd> inherited_socket() {
    const char* pid = std::getenv("LISTEN_PID");
    const char* count = std::getenv("LISTEN_FDS");
    const bool ours =
        pid && count && std::strtol(pid, nullptr, 10) == ::getpid() && std::strtol(count, nullptr, 10) >= 1;
    ::unsetenv("LISTEN_PID");  // not for the programs that we start
    ::unsetenv("LISTEN_FDS");
    ::unsetenv("LISTEN_FDNAMES");
    if (!ours) return std::nullopt;
    constexpr int first = 3;
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(first, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens)
        fail(Kind::invalid, "LISTEN_FDS is set, but descriptor 3 is no listening socket");
    check(::fcntl(first, F_SETFD, FD_CLOEXEC), "take over the socket of systemd");
    return Fd(first);
}

void notify_service_manager(const std::string& state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!path || std::strlen(path) < 2 || std::strlen(path) >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path, std::strlen(path));
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    // Nobody to tell if it fails: the manager then sees a start that takes too long.
    (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), size);
}

void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace hoist::daemon
