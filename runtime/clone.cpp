// SPDX-License-Identifier: Apache-2.0
#include "runtime/clone.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/kernel_features.h"

namespace hoist::runtime {

namespace {

long by_clone3(std::uint64_t flags, const Fd& cgroup, int& pidfd) {
    clone_args arguments{};
    arguments.flags = flags | CLONE_PIDFD | (cgroup ? CLONE_INTO_CGROUP : 0);
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = cgroup ? static_cast<std::uint64_t>(cgroup.get()) : 0;
    return ::syscall(SYS_clone3, &arguments, sizeof arguments);
}

/// The older call hands the pidfd out where others get the parent's copy of the thread id.
long by_clone(std::uint64_t flags, int& pidfd) {
    return ::syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, 0);
}

}  // namespace

Cloned clone_process(std::uint64_t flags, const Fd& cgroup) {
    int pidfd = -1;
    const bool new_call = kernel_has(KernelFeature::clone3);
    const long pid =
        check(new_call ? by_clone3(flags, cgroup, pidfd) : by_clone(flags, pidfd), "make the container's process");
    return {static_cast<pid_t>(pid), Fd(pid == 0 ? -1 : pidfd)};
}

PidNote::PidNote() {
    void* const page = ::mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) fail_errno(errno, "share a page");
    note_ = static_cast<volatile pid_t*>(page);
}

PidNote::~PidNote() {
    ::munmap(const_cast<pid_t*>(note_), sizeof(pid_t));
}

pid_t PidNote::clone_sibling(std::uint64_t namespaces) {
    check(::madvise(const_cast<pid_t*>(note_), sizeof(pid_t), MADV_DONTFORK), "keep a page from the new process");
    const unsigned long flags = namespaces | CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD;
    const long pid = ::syscall(SYS_clone, flags, nullptr, note_, nullptr, nullptr);
    if (pid < 0 && errno == EAGAIN)
        fail(Kind::conflict,
             "make the process in the container: it is at its limit of processes: end some, or raise its pids limit "
             "(or the ulimit nproc of its user)");
    return static_cast<pid_t>(check(static_cast<int>(pid), "make the process in the container"));
}

int signal_process(const Fd& pidfd, int signal) {
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0));
}

std::optional<ProgramId> program_of(pid_t pid) {
    struct stat info {};
    if (::stat(fmt::format("/proc/{}/exe", pid).c_str(), &info) != 0) return std::nullopt;
    return ProgramId{info.st_dev, info.st_ino};
}

int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace hoist::runtime
