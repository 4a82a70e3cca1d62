// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/other_procfs.h"

#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>

#include "base/descriptors.h"
#include "base/error.h"
#include "runtime/clone.h"
#include "runtime/init/mounts.h"
#include "runtime/init/report.h"

namespace hoist::runtime::init {
namespace {

constexpr std::chrono::seconds patience(10);
constexpr unsigned nobody = 65534;

/// A mount namespace in which there is nothing: through its /proc/<pid>/root nobody reaches anything.
void leave_all_files() {
    check(::unshare(CLONE_NEWNS), "make a mount namespace");
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "leave the mount propagation");
    check(::mount("tmpfs", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k"),
          "mount an empty root");
    check(::chdir("/proc"), "enter the empty root");
    check(::syscall(SYS_pivot_root, ".", "."), "pivot to the empty root");
    check(::umount2(".", MNT_DETACH), "let go of the files");
    check(::chdir("/"), "enter the empty root");
}

/// A user that is nobody else, and rights over a user namespace of its own alone: that is what fsopen(2) asks for.
void leave_all_rights() {
    check(::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "keep capabilities over the change of user");
    check(::setgroups(0, nullptr), "leave all groups");
    check(::setresgid(nobody, nobody, nobody), "become no group");
    check(::setresuid(nobody, nobody, nobody), "become nobody");
    check(::unshare(CLONE_NEWUSER | CLONE_NEWNS), "make a user namespace");
    check(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "make the process non-dumpable");
}

constexpr sock_filter allow(unsigned call, unsigned char to_end) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, to_end, 0);
}

void leave_all_calls() {
#if defined(__x86_64__)
    constexpr unsigned architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    constexpr unsigned architecture = AUDIT_ARCH_AARCH64;
#endif
    constexpr std::array<unsigned, 6> allowed = {SYS_fsopen, SYS_sendmsg,    SYS_clone,
                                                 SYS_wait4,  SYS_exit_group, SYS_exit};
    std::array<sock_filter, allowed.size() + 6> code;
    std::size_t at = 0;
    code[at++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
    code[at++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0);
    code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[at++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
    for (std::size_t i = 0; i < allowed.size(); ++i)
        code[at++] = allow(allowed[i], static_cast<unsigned char>(allowed.size() - i));
    code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    sock_fprog program{static_cast<unsigned short>(at), code.data()};
    check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "load a seccomp filter");
}

void send_descriptor(int socket, int fd) {
    char byte = 'p';
    iovec data{&byte, 1};
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
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

/// In a process of its own. Only its child is in the namespace.
void ask_inside(const Fd& pid_namespace, const Fd& socket) {
    // The right to this is about to go.
    check(::setns(pid_namespace.get(), CLONE_NEWPID), "join the pid namespace");
    close_from_except(0, {socket.get()});
    leave_all_files();
    leave_all_rights();
    leave_all_calls();
    const long child = check(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr), "fork");
    if (child > 0) {
        ::syscall(SYS_wait4, child, nullptr, 0, nullptr);
        return;
    }
    const int context = ::fsopen("proc", 0);
    if (context >= 0) send_descriptor(socket.get(), context);
}

[[noreturn]] void run_asker(const Fd& pid_namespace, Fd socket) {
    try {
        ask_inside(pid_namespace, socket);
    } catch (const Error& error) {
        Reporter(std::move(socket), Fd()).failed(error);
    }
    ::_exit(0);
}

/// It ends by itself once it has reaped its child. Killed before, it would leave a zombie in the pid namespace, which
/// could not end then where process 1 does not reap. Who is in there may hold the child up, but not us.
void await_end(const Cloned& asker) {
    pollfd ended{asker.pidfd.get(), POLLIN, 0};
    while (::poll(&ended, 1, 1000) < 0 && errno == EINTR) {
    }
}

/// A file system context that somebody inside may have had a hand in.
Fd ask_for_procfs(const Fd& pid_namespace) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "make a socket pair");
    Fd outer(ends[0]), inner(ends[1]);
    const Cloned asker = clone_process(0, Fd());
    if (asker.pid == 0) run_asker(pid_namespace, std::move(inner));
    inner.reset();
    Report answer;
    try {
        answer = receive_report(outer, patience);
    } catch (const Error& error) {
        answer.error = error;
    }
    if (!answer.error) await_end(asker);
    signal_process(asker.pidfd, SIGKILL);
    reap(asker.pid);
    if (answer.error) throw *answer.error;
    if (!answer.terminal) fail(Kind::denied, "what asks for it in there was ended");
    return std::move(answer.terminal);
}

}  // namespace

Fd make_procfs(const Fd& pid_namespace, const std::string& source, MountData data, std::uint64_t attributes) {
    if (!source.empty()) data.emplace_back("source", source);
    try {
        Fd made = make_mount(ask_for_procfs(pid_namespace), "proc", data, attributes);
        if (!is_on(made, PROC_SUPER_MAGIC)) fail(Kind::denied, "another file system came out");
        return made;
    } catch (Error& error) {
        throw error.during("mount the procfs of the joined pid namespace");
    }
}

}  // namespace hoist::runtime::init
