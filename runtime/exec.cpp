// SPDX-License-Identifier: Apache-2.0
// Further processes in a running container.
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/path.h"
#include "runtime/clone.h"
#include "runtime/container.h"
#include "runtime/init/console.h"
#include "runtime/init/container_process.h"
#include "runtime/init/identity.h"
#include "runtime/init/program.h"
#include "runtime/running_namespaces.h"

namespace hoist::runtime {
namespace {

/// Opened before the process is made, which will not see the host's files.
struct Entrance {
    std::vector<Fd> join_files;
    Fd cgroup;  ///< v2
    RunningNamespaces namespaces;
};

void enter(const Entrance& entrance) {
    init::join_cgroups(entrance.join_files);
    entrance.namespaces.join();
}

void enter_and_run(ExecOptions& options, const Entrance& entrance, init::Reporter& reporter) {
    auto& process = options.process;
    init::reset_signals();
    ::umask(0);
    check(::setsid(), "become a session leader");
    enter(entrance);
    const RootDir root = RootDir::open("/");
    init::Terminal terminal;
    if (process.terminal) terminal = init::open_terminal(root, process);
    const auto user = init::find_identity(process, root);
    init::enter_working_directory(process, root);
    if (terminal.slave) {
        init::use_terminal(terminal.slave, user.uid);
    } else {
        init::use_streams(options.stdio, user.uid);
    }
    init::become(process, user);
    if (terminal.master) reporter.ready(terminal.master, Fd());
    init::keep_descriptors(options.preserved_fds, reporter);
    init::run_program(process, options.seccomp);
}

[[noreturn]] void run_exec_process(ExecOptions& options, const Entrance& entrance, init::Reporter reporter) {
    try {
        enter_and_run(options, entrance, reporter);
    } catch (const Error& error) {
        reporter.failed(error);
    } catch (const std::exception& error) {
        reporter.failed(Error(Kind::internal, error.what()));
    }
    ::_exit(1);
}

Entrance open_entrance(const ExecOptions& options) {
    Entrance made;
    const Fd own = options.container_pidfd ? Fd() : open_pidfd(options.container_pid);
    constexpr std::uint64_t joined = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    made.namespaces =
        RunningNamespaces::of(options.container_pid, options.container_pidfd ? *options.container_pidfd : own, joined);
    if (options.cgroup_of_id.empty()) return made;
    const auto cgroup = Cgroup::open(CgroupLayout::host(), options.cgroup_of_id);
    made.join_files = cgroup.join_files();
    if (auto directory = cgroup.clone_into()) made.cgroup = std::move(*directory);
    return made;
}

}  // namespace

Executed exec_in_container(ExecOptions options) {
    const Entrance entrance = open_entrance(options);
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "make a socket pair");
    Fd outer(ends[0]), inner(ends[1]);
    init::hide();
    Cloned cloned;
    {
        const PidNamespaceGuard guard(entrance.namespaces.pid());
        cloned = clone_process(0, entrance.cgroup);
        if (cloned.pid == 0) {
            outer.reset();
            run_exec_process(options, entrance, init::Reporter(std::move(inner), Fd()));
        }
    }
    inner.reset();
    Executed made{cloned.pid, std::move(cloned.pidfd), Fd()};
    for (;;) {
        auto report = init::receive_report(outer);
        if (report.error) {
            reap(made.pid);
            throw *report.error;
        }
        if (report.type == 0) return made;  // end-of-file: it has exec'd
        if (report.terminal) made.terminal = std::move(report.terminal);
    }
}

}  // namespace hoist::runtime
