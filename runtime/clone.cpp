// SPDX-License-Identifier: Apache-2.0
#include "runtime/clone.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <exception>

#include "base/error.h"

namespace hoist::runtime {

Cloned clone_process(std::uint64_t flags, const Fd& cgroup) {
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = flags | CLONE_PIDFD | (cgroup ? CLONE_INTO_CGROUP : 0);
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = cgroup ? static_cast<std::uint64_t>(cgroup.get()) : 0;
    const long pid = check(::syscall(SYS_clone3, &arguments, sizeof arguments), "make the container's process");
    return {static_cast<pid_t>(pid), Fd(pid == 0 ? -1 : pidfd)};
}

int signal_process(const Fd& pidfd, int signal) {
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0));
}

int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

PidNamespaceGuard::PidNamespaceGuard(const Fd& target) {
    if (!target) return;
    home_ = open_file("/proc/self/ns/pid", O_RDONLY);
    check(::setns(target.get(), CLONE_NEWPID), "join the container's pid namespace");
}

PidNamespaceGuard::~PidNamespaceGuard() {
    // A process that cannot come home would start others' processes in this container: stop instead.
    if (home_ && ::setns(home_.get(), CLONE_NEWPID) != 0) std::terminate();
}

}  // namespace hoist::runtime
