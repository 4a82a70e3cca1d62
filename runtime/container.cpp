// SPDX-License-Identifier: Apache-2.0
#include "runtime/container.h"

#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "runtime/clone.h"
#include "runtime/init/container_process.h"
#include "runtime/init/identity.h"
#include "runtime/namespaces.h"

namespace hoist::runtime {
namespace {

/// The namespaces to make by clone3; the cgroup namespace comes later, once the process is in its cgroup.
std::uint64_t new_namespaces(const CreateOptions& options, init::Plan& plan) {
    std::uint64_t flags = 0;
    for (const auto& one : options.config.namespaces) {
        const auto flag = clone_flag(one.type);
        if (one.type == NamespaceType::user)
            fail(Kind::invalid, "linux.namespaces: user namespaces are not among what this runtime offers");
        if (one.type == NamespaceType::network && options.network_namespace) continue;
        if (!one.path.empty() && one.type == NamespaceType::pid) {
            plan.pid_namespace = open_file(one.path, O_RDONLY);
        } else if (!one.path.empty()) {
            plan.joined.emplace_back(flag, open_file(one.path, O_RDONLY));
        } else if (one.type == NamespaceType::cgroup) {
            plan.new_cgroup_namespace = true;
        } else {
            flags |= flag;
        }
    }
    plan.new_network = flags & CLONE_NEWNET;
    if (!(flags & CLONE_NEWNS)) fail(Kind::invalid, "linux.namespaces: a mount namespace of its own is needed");
    return flags;
}

struct Channel {
    Fd outer, inner;
};
Channel make_channel() {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "make a socket pair");
    return {Fd(ends[0]), Fd(ends[1])};
}

void run_runtime_hooks(const CreateOptions& options, pid_t pid) {
    const Json state = container_state(options.config, options.id, options.bundle, "creating", pid);
    run_hooks(options.config.hooks.prestart, state);
    run_hooks(options.config.hooks.create_runtime, state);
}

/// Follows the new process until it is ready.
void wait_until_ready(Created& made, const CreateOptions& options) {
    for (;;) {
        auto report = init::receive_report(made.report);
        if (report.error) throw *report.error;
        if (report.type == 'R') {
            made.terminal = std::move(report.terminal);
            return;
        }
        if (report.type != 'H') fail(Kind::internal, "the container's process ended before it was ready");
        run_runtime_hooks(options, made.pid);
        check(::send(made.report.get(), "C", 1, MSG_NOSIGNAL), "let the container's process go on");
    }
}

/// Who built the container has ended; in its place there is the process that will run the program, born in another
/// container's pid namespace.
void follow_into_pid_namespace(Created& made, const PidNote& note) {
    const int status = reap(std::exchange(made.pid, -1));
    made.pidfd.reset();
    if (note.pid() == 0) {
        const auto report = init::receive_report(made.report);
        if (report.error) throw *report.error;
        fail(Kind::internal, "the process that enters the pid namespace ended with wait status {}", status);
    }
    made.pid = note.pid();
    made.pidfd = open_pidfd(made.pid);
}

Leftovers leftovers_of(const CreateOptions& options) {
    return options.existing_cgroup == Existing::refuse ? Leftovers::kill : Leftovers::leave;
}

void undo(const Created& made, Leftovers leftovers) noexcept {
    try {
        if (made.pid > 0) {
            signal_process(made.pidfd, SIGKILL);
            reap(made.pid);
        }
        made.cgroup.remove(leftovers);
    } catch (const std::exception&) {  // the error that led here is the one to tell
    }
}

/// @return whether its program will be born in another's pid namespace
bool clone_container(CreateOptions& options, Created& made, PidNote& note) {
    init::Plan plan{.options = options, .cgroup = made.cgroup, .note = note};
    const std::uint64_t flags = new_namespaces(options, plan);
    plan.join_files = made.cgroup.join_files();
    const Fd into = made.cgroup.clone_into().value_or(Fd());
    Channel channel = make_channel();
    Pipe go = make_pipe();
    // Before there is a process that the container could see: it is born with this setting. (SEC-04)
    init::hide();
    auto cloned = clone_process(flags, into);
    if (cloned.pid == 0) {
        go.write_end.reset();
        channel.outer.reset();
        init::run_container_process(plan, init::Reporter(std::move(channel.inner), std::move(go.read_end)));
    }
    made.pid = cloned.pid;
    made.pidfd = std::move(cloned.pidfd);
    made.go = std::move(go.write_end);
    made.report = std::move(channel.outer);
    return static_cast<bool>(plan.pid_namespace);
}

}  // namespace

Created create_container(CreateOptions options) {
    Created made;
    try {
        if (options.seccomp.filter.empty() && !options.config.seccomp.is_null())
            options.seccomp = compile_seccomp(options.config.seccomp);
        const std::string path =
            options.config.cgroups_path.empty() ? "/hoist-" + options.id : options.config.cgroups_path;
        if (!options.without_cgroup)
            made.cgroup = Cgroup::create(CgroupLayout::host(), path, options.config.resources, options.existing_cgroup,
                                         options.cgroup_everywhere);
        fail_point("runtime.cgroup_made");
        PidNote note;
        const bool follow = clone_container(options, made, note);
        fail_point("runtime.cloned");
        wait_until_ready(made, options);
        if (follow) follow_into_pid_namespace(made, note);
    } catch (Error& error) {
        undo(made, leftovers_of(options));
        throw error.during("create container {}", options.id);
    }
    return made;
}

void start_container(Created& created) {
    check(::write(created.go.get(), "g", 1), "start the container");
    try {
        init::await_program(created.report, {created.pid, created.pidfd, program_of(::getpid())});
    } catch (const Error&) {
        signal_process(created.pidfd, SIGKILL);  // should it be somebody else who told us
        reap(std::exchange(created.pid, -1));
        throw;
    }
}

}  // namespace hoist::runtime
