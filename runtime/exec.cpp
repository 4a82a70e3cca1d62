// SPDX-License-Identifier: Apache-2.0
// Further processes in a running container.
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>

#include "base/descriptors.h"
#include "base/error.h"
#include "base/path.h"
#include "runtime/clone.h"
#include "runtime/container.h"
#include "runtime/init/console.h"
#include "runtime/init/container_process.h"
#include "runtime/init/identity.h"
#include "runtime/init/program.h"
#include "runtime/running_namespaces.h"
#include "runtime/scheduling.h"

namespace hoist::runtime {
namespace {

/// Opened before the process is made, which will not see the host's files.
struct Entrance {
    std::vector<Fd> join_files;
    Fd cgroup;  ///< v2
    RunningNamespaces namespaces;
    Fd root;  ///< the container's, which need not be that of its mount namespace
};

void enter(const ExecOptions& options, const Entrance& entrance) {
    use_processors(options.process.exec_affinity.initial, "process.execCPUAffinity.initial");
    init::join_cgroups(entrance.join_files);
    use_processors(options.process.exec_affinity.final_one, "process.execCPUAffinity.final");
    init::set_oom_score(options.process);
    init::make_room(options.process);
    // The pid namespace only counts for children.
    check(::setns(entrance.namespaces.pid().get(), CLONE_NEWPID), "join the container's pid namespace");
    entrance.namespaces.join();
    check(::fchdir(entrance.root.get()), "enter the container's root");
    check(::chroot("."), "enter the container's root");
    if (entrance.namespaces.joins_user()) init::become_root_inside();
}

/// Becomes what the program will be, but for the pid namespace.
init::Confinement prepare(ExecOptions& options, const Entrance& entrance, init::Reporter& reporter,
                          const PidNote& note) {
    auto& process = options.process;
    init::reset_signals();
    ::umask(0);
    auto confinement =
        init::open_confinement(process, options.seccomp, options.seccomp_profile, options.listener_state, 0);
    confinement.listener.start_helper(&note);
    enter(options, entrance);
    init::leave_keyring();
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
    reporter.ready(terminal.master);
    init::keep_descriptors(options.preserved_fds, reporter, confinement);
    if (options.personality) init::apply_personality(*options.personality);
    if (options.memory_policy) apply_memory_policy(*options.memory_policy);
    return confinement;
}

/// Processes in the container see this one, and one with CAP_SYS_PTRACE can take it over: by now it has nothing, and
/// may do nothing, that its program will not have or do.
[[noreturn]] void run_visibly(const Process& process) {
    const int session = ::setsid();  // a seccomp profile may refuse it, which matters to a terminal only
    if (process.terminal) {
        check(session, "become a session leader");
        init::control_terminal();
    }
    init::execute(process);
}

/// Everything is done outside of the container's pid namespace, where nobody inside can see it. Only then the process
/// is born there. (SEC-04)
[[noreturn]] void run_exec_process(ExecOptions& options, const Entrance& entrance, init::Reporter reporter,
                                   PidNote& note) {
    init::run_reporting(reporter, [&] {
        auto confinement = prepare(options, entrance, reporter, note);
        confinement.label.apply();
        reporter.close_others(3 + static_cast<int>(options.preserved_fds.size()), confinement.listener.descriptor());
        init::confine(options.process, confinement);
        if (note.clone_sibling() > 0) ::_exit(0);
        run_visibly(options.process);
    });
}

Entrance open_entrance(const ExecOptions& options) {
    Entrance made;
    const Fd own = options.container_pidfd ? Fd() : open_pidfd(options.container_pid);
    made.root = open_file(fmt::format("/proc/{}/root", options.container_pid), O_PATH | O_DIRECTORY);
    made.namespaces =
        RunningNamespaces::of(options.container_pid, options.container_pidfd ? *options.container_pidfd : own);
    if (options.cgroup_of_id.empty()) return made;
    const auto cgroup = Cgroup::open(CgroupLayout::host(), options.cgroup_of_id);
    const Cgroup target = options.sub_cgroups.empty() ? cgroup : cgroup.below(options.sub_cgroups);
    made.join_files = target.join_files();
    if (auto directory = target.clone_into()) made.cgroup = std::move(*directory);
    return made;
}

/// On v2 a container that has handed controllers on to cgroups below its own (systemd inside does) can have no process
/// beside them any more: a further one goes to where its process 1 is.
Cloned clone_into_cgroup(const ExecOptions& options, const Entrance& entrance) {
    try {
        return clone_process(0, entrance.cgroup);
    } catch (const Error& error) {
        if (!entrance.cgroup || error.kind() != Kind::conflict || !options.sub_cgroups.empty()) throw;
        const auto cgroup = Cgroup::open(CgroupLayout::host(), options.cgroup_of_id);
        const auto below = cgroup.place_below(options.container_pid);
        if (!below) throw;
        return clone_process(0, cgroup.below({*below}).clone_into().value_or(Fd()));
    }
}

constexpr std::chrono::seconds maker_patience(10);

void end(pid_t process, const Fd& pidfd) {
    signal_process(pidfd, SIGKILL);
    pollfd end{pidfd.get(), POLLIN, 0};
    if (::poll(&end, 1, 1000) == 1) reap(process);  // who is frozen does not even die
}

/// What the maker says within our patience; whatever holds it, it does not hold us.
init::Report hear(const Fd& socket, const Cloned& maker) {
    try {
        auto report = init::receive_report(socket, maker_patience);
        if (report.error) throw *report.error;
        return report;
    } catch (const Error&) {
        end(maker.pid, maker.pidfd);
        throw;
    }
}

/// What only we have the right to do to it.
void schedule(const ExecOptions& options, const Executed& made) {
    try {
        apply_scheduling(options.process, made.pid);
    } catch (const Error&) {
        end(made.pid, made.pidfd);
        throw;
    }
}

void await_program(const Fd& socket, const Executed& made) {
    try {
        init::await_program(socket, {made.pid, made.pidfd, program_of(::getpid())}, maker_patience);
    } catch (const Error&) {
        end(made.pid, made.pidfd);
        throw;
    }
}

}  // namespace

Executed exec_in_container(ExecOptions options) {
    check_labels(options.process);
    const Entrance entrance = open_entrance(options);
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "make a socket pair");
    Fd outer(ends[0]), inner(ends[1]);
    PidNote note;
    keep_procfs_in_reach();
    init::hide();
    const Cloned maker = clone_into_cgroup(options, entrance);
    if (maker.pid == 0) {
        outer.reset();
        run_exec_process(options, entrance, init::Reporter(std::move(inner), Fd()), note);
    }
    inner.reset();
    Executed made;
    made.terminal = hear(outer, maker).terminal;
    const int status = reap(maker.pid);
    made.pid = note.pid();
    if (made.pid == 0) {
        const auto report = init::receive_report(outer, maker_patience);
        if (report.error) throw *report.error;
        fail(Kind::internal, "the process that enters the container ended with wait status {}", status);
    }
    made.pidfd = open_pidfd(made.pid);
    schedule(options, made);
    await_program(outer, made);
    return made;
}

}  // namespace hoist::runtime
