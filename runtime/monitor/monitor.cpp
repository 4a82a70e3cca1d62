// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/monitor.h"

#include <sys/file.h>
#include <sys/socket.h>

#include "base/error.h"
#include "runtime/monitor/owner.h"
#include "runtime/monitor/process_setup.h"
#include "runtime/monitor_socket.h"

namespace hoist::runtime {
namespace {

constexpr int first_connection = 3;

/// The connection that launch_monitor passed on, if it did.
Fd take_inherited_socket() {
    int type = 0;
    socklen_t size = sizeof(type);
    const bool is_one =
        ::getsockopt(first_connection, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
    if (!is_one) return Fd();
    ::fcntl(first_connection, F_SETFD, FD_CLOEXEC);
    ::fcntl(first_connection, F_SETFL, O_NONBLOCK);
    return Fd(first_connection);
}

/// Held by the returned descriptor, so by this process alone, whatever becomes of it.
Fd lock_directory(const std::string& path) {
    Fd directory = open_file(path, O_RDONLY | O_DIRECTORY);
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0)
        fail(Kind::conflict, "a monitor for {} is running already", path);
    return directory;
}

void report(const Fd& socket, const Error& error) {
    const Json body = {{"event", "failed"},
                       {"error", {{"kind", to_string(error.kind())}, {"message", error.message()}}}};
    try {
        if (socket) send_message(socket, body);
    } catch (const Error&) {  // nobody is left to tell
    }
}

}  // namespace

int run_monitor(const std::vector<std::string>& args, const std::function<void()>& protect) {
    try {
        protect();
    } catch (const Error& error) {
        report(take_inherited_socket(), error);
        return 1;
    }
    set_up_monitor_process();
    Fd socket = take_inherited_socket();
    try {
        if (args.size() != 1) fail(Kind::invalid, "usage: hoist-runtime monitor RUN_DIR");
        const Fd lock = lock_directory(args[0]);
        Owner owner(args[0], listen_as_monitor(args[0]));
        if (socket) owner.connect(std::move(socket));
        trim_memory();
        owner.run();
        return 0;
    } catch (const Error& error) {
        report(socket, error);
        return 1;
    }
}

}  // namespace hoist::runtime
