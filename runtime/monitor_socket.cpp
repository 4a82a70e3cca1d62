// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor_socket.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/path.h"
#include "runtime/monitor_protocol.h"

namespace hoist::runtime {

MonitorAddress::MonitorAddress(const std::string& run_directory) {
    constexpr const char* name = "/monitor.sock";
    std::string path = run_directory + name;
    if (path.size() >= sizeof(address.sun_path)) {
        directory = open_file(run_directory, O_PATH | O_DIRECTORY);
        path = fd_path(directory) + name;
    }
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
}

Fd listen_as_monitor(const std::string& run_directory) {
    const MonitorAddress address(run_directory);
    Fd socket(check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "make the monitor's socket"));
    ::unlink(address.address.sun_path);  // of a monitor that was killed: the caller holds the directory's lock
    const mode_t before = ::umask(0177);
    const int bound = ::bind(socket.get(), address.get(), sizeof(address.address));
    const int code = errno;
    ::umask(before);
    if (bound != 0) fail_errno(code, "bind the monitor's socket in {}", run_directory);
    check(::listen(socket.get(), 16), "listen on the monitor's socket in {}", run_directory);
    return socket;
}

Fd connect_monitor(const std::string& run_directory) {
    const MonitorAddress address(run_directory);
    Fd socket(check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "make a socket"));
    if (::connect(socket.get(), address.get(), sizeof(address.address)) == 0) return socket;
    const Kind kind = errno == ENOENT ? Kind::not_found : Kind::unavailable;
    fail(kind, "connect to the monitor in {}: {}", run_directory, std::strerror(errno));
}

}  // namespace hoist::runtime
