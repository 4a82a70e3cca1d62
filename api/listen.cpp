// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "api/server.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace hoist::api {
namespace {

constexpr int queue_length = 4096;  // the kernel cuts it to net.core.somaxconn

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        fail(Kind::invalid, "socket path '{}' is longer than {} bytes: use a shorter --run", path,
             sizeof address.sun_path - 1);
    path.copy(address.sun_path, path.size());
    return address;
}

Fd stream_socket() {
    return Fd(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "make a unix socket"));
}

bool somebody_answers(const sockaddr_un& address) {
    const Fd socket = stream_socket();
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(socket.get(), generic, sizeof address) == 0 || errno == EAGAIN;
}

/// The group that may use the socket, if the machine has one.
std::optional<gid_t> socket_group() {
    const group* found = ::getgrnam("hoist");
    return found ? std::optional(found->gr_gid) : std::nullopt;
}

}  // namespace

Fd listen_on(const std::string& path) {
    const sockaddr_un address = address_of(path);
    if (somebody_answers(address)) fail(Kind::conflict, "listen on {}: a daemon answers there already", path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_errno(errno, "remove the old socket {}", path);

    Fd socket = stream_socket();
    // bind(2) takes the file's mode from the descriptor's mode and the umask: set before, it is never wider.
    check(::fchmod(socket.get(), 0600), "set the mode of the socket for {}", path);
    const mode_t before = ::umask(0177);
    const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int problem = errno;
    ::umask(before);
    if (bound != 0) fail_errno(problem, "bind {}", path);
    if (const auto group = socket_group())
        check(::chown(path.c_str(), static_cast<uid_t>(-1), *group), "give {} to group hoist", path);
    check(::chmod(path.c_str(), 0660), "set the mode of {}", path);
    check(::listen(socket.get(), queue_length), "listen on {}", path);
    return socket;
}

}  // namespace hoist::api
