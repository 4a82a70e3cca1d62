// SPDX-License-Identifier: Apache-2.0
// The process behind a RootView: one request, one answer, and then it only holds the mounts until nobody needs them.
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "base/descriptors.h"
#include "base/error.h"
#include "runtime/init/detached_mount.h"
#include "runtime/init/mounts.h"
#include "runtime/init/root.h"
#include "runtime/root_view.h"

namespace hoist::runtime {
namespace {

constexpr int socket_number = 3;

void wait_for(const Fd& socket, short events) {
    pollfd ready{socket.get(), events, 0};
    while (::poll(&ready, 1, -1) < 0 && errno == EINTR) {
    }
}

MonitorSpec receive_spec(const Fd& socket) {
    wait_for(socket, POLLIN);
    const auto message = receive_message(socket);
    if (!message) fail(Kind::internal, "nothing was asked");
    return monitor_spec_from_json(message->body);
}

void serve(const Fd& socket) {
    const MonitorSpec spec = receive_spec(socket);
    check(::unshare(CLONE_NEWNS), "make a mount namespace");
    const RootDir root = init::mount_root(spec.config, spec.root);
    init::HostSide side{.id_maps = init::open_id_maps(spec.config, Fd())};
    init::mount_all(spec.config, root, Cgroup(), side, Fd());
    if (spec.config.root_readonly) init::change_mount(root.fd(), MOUNT_ATTR_RDONLY, 0, init::Below::left_alone, "/");
    send_message(socket, Json::object(), {root.fd().get()});
}

}  // namespace

int run_root_view() {
    ::prctl(PR_SET_DUMPABLE, 0);  // it belongs to no container
    close_from(socket_number + 1);
    const Fd socket(socket_number);
    ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
    try {
        serve(socket);
    } catch (const Error& error) {
        const Json answer = {{"error", {{"kind", to_string(error.kind())}, {"message", error.message()}}}};
        send_message(socket, answer);
        return 1;
    }
    wait_for(socket, 0);  // POLLHUP: the daemon has let go, or is gone
    return 0;
}

}  // namespace hoist::runtime
