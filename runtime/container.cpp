// SPDX-License-Identifier: Apache-2.0
#include "runtime/container.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/descriptors.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "runtime/cache_allocation.h"
#include "runtime/clone.h"
#include "runtime/init/container_process.h"
#include "runtime/init/identity.h"
#include "runtime/mount_options.h"
#include "runtime/namespaces.h"
#include "runtime/net_devices.h"
#include "runtime/oci_check.h"
#include "runtime/scheduling.h"
#include "runtime/user_namespace.h"

namespace hoist::runtime {
namespace {

/// One that is the runtime's own is not joined but shared, and nothing in it is the container's to change.
void share_own_namespaces(Config& config) {
    std::erase_if(config.namespaces, [](const Namespace& one) {
        return !one.path.empty() && is_own_namespace(open_file(one.path, O_RDONLY), proc_name(one.type));
    });
}

void plan_joined(const Namespace& one, init::Plan& plan) {
    Fd found = open_file(one.path, O_RDONLY);
    if (one.type == NamespaceType::pid) {
        plan.pid_namespace = std::move(found);
    } else if (one.type == NamespaceType::user) {
        plan.user_namespace = std::move(found);
    } else if (one.type == NamespaceType::mount) {
        plan.joined_mounts = std::move(found);
    } else {
        plan.joined.emplace_back(clone_flag(one.type), std::move(found));
    }
}

/// The namespaces to make by clone3; the cgroup namespace comes later, once the process is in its cgroup.
void plan_new(const Namespace& one, init::Plan& plan) {
    const auto& config = plan.options.config;
    if (one.type == NamespaceType::user) {
        plan.user_namespace = make_user_namespace(config.uid_mappings, config.gid_mappings);
    } else if (one.type == NamespaceType::cgroup) {
        plan.new_cgroup_namespace = true;
    } else if (one.type == NamespaceType::time) {
        plan.new_time = true;
    } else {
        plan.new_namespaces |= clone_flag(one.type);
    }
}

void plan_namespaces(init::Plan& plan) {
    for (const auto& one : plan.options.config.namespaces) {
        if (one.type == NamespaceType::network && plan.options.network_namespace) continue;
        if (one.path.empty()) {
            plan_new(one, plan);
        } else {
            plan_joined(one, plan);
        }
    }
    plan.new_network = plan.new_namespaces & CLONE_NEWNET;
    plan.new_uts = plan.new_namespaces & CLONE_NEWUTS;
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
    const auto state = [&](const char* status) {
        return container_state(options.config, options.id, options.bundle, status, pid);
    };
    // The specification counts the former among the start of what is created.
    run_hooks(options.config.hooks.prestart, state("created"));
    run_hooks(options.config.hooks.create_runtime, state("creating"));
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

/// A container whose process is made by clone3.
void clone_directly(init::Plan& plan, const Fd& cgroup, Channel& channel, Pipe& go, Created& made) {
    auto cloned = clone_process(plan.new_namespaces, cgroup);
    if (cloned.pid == 0) {
        go.write_end.reset();
        channel.outer.reset();
        init::run_container_process(plan, init::Reporter(std::move(channel.inner), std::move(go.read_end)));
    }
    made.pid = cloned.pid;
    made.pidfd = std::move(cloned.pidfd);
}

/// A container whose process is made by another one in front of it, with which only its beginning is shared.
void clone_behind_another(init::Plan& plan, const Fd& cgroup, Channel& channel, Pipe& go, Created& made) {
    PidNote note;
    const auto outer = clone_process(0, cgroup);
    if (outer.pid == 0) {
        go.write_end.reset();
        channel.outer.reset();
        init::run_outer_process(plan, init::Reporter(std::move(channel.inner), std::move(go.read_end)), note);
    }
    channel.inner.reset();
    reap(outer.pid);
    if (note.pid() == 0) {
        const auto report = init::receive_report(channel.outer);
        if (report.error) throw *report.error;
        fail(Kind::internal, "the process in front of the container's ended before it had made it");
    }
    made.pid = note.pid();
    made.pidfd = open_pidfd(made.pid);
}

/// @return whether its program will be born in another's pid namespace
bool clone_container(CreateOptions& options, Created& made, PidNote& note) {
    init::Plan plan{.options = options, .cgroup = made.cgroup, .note = note};
    plan_namespaces(plan);
    plan.host_side.id_maps = init::open_id_maps(options.config, plan.user_namespace);
    plan.join_files = made.cgroup.join_files();
    const Fd into = made.cgroup.clone_into().value_or(Fd());
    Channel channel = make_channel();
    Pipe go = make_pipe();
    keep_procfs_in_reach();
    // Before there is a process that the container could see: it is born with this setting. (SEC-04)
    init::hide();
    if (plan.user_namespace || plan.new_time) {
        clone_behind_another(plan, into, channel, go, made);
    } else {
        clone_directly(plan, into, channel, go, made);
    }
    made.go = std::move(go.write_end);
    made.report = std::move(channel.outer);
    return static_cast<bool>(plan.pid_namespace);
}

/// The namespace itself where it is joined: the process may not have got there yet.
void give_net_devices(const CreateOptions& options, pid_t pid) {
    if (options.config.net_devices.empty()) return;
    const Namespace* listed = find_namespace(options.config, NamespaceType::network);
    const std::string path = listed && !listed->path.empty() ? listed->path : fmt::format("/proc/{}/ns/net", pid);
    move_net_devices(options.config.net_devices,
                     options.network_namespace ? options.network_namespace.duplicate() : open_file(path, O_RDONLY));
}

/// On v2 a container that manages the cgroups below its own gets them as its own. (config-linux.md, "Cgroup ownership")
void hand_over_cgroup(const CreateOptions& options, const Cgroup& cgroup) {
    const auto& config = options.config;
    const Namespace* own = find_namespace(config, NamespaceType::cgroup);
    if (cgroup.mode() != CgroupMode::v2 || !own || !own->path.empty()) return;
    const bool writable = std::any_of(config.mounts.begin(), config.mounts.end(), [](const Mount& mount) {
        const bool is_cgroup = mount.type == "cgroup" || mount.type == "cgroup2";
        return is_cgroup && !(parse_mount_options(mount).set & MOUNT_ATTR_RDONLY);
    });
    const std::uint32_t owner = host_id(config.uid_mappings, config.process.user.uid);
    if (writable && owner != 0) cgroup.give_to(owner);
}

}  // namespace

Created create_container(CreateOptions options) {
    Created made;
    try {
        share_own_namespaces(options.config);
        check_config(options.config, static_cast<bool>(options.network_namespace));
        if (options.seccomp.filter.empty() && !options.config.seccomp.is_null())
            options.seccomp = compile_seccomp(options.config.seccomp);
        const std::string path =
            options.config.cgroups_path.empty() ? "/hoist-" + options.id : options.config.cgroups_path;
        if (!options.without_cgroup)
            made.cgroup = Cgroup::create(CgroupLayout::host(), path, options.config.resources, options.existing_cgroup,
                                         options.cgroup_everywhere);
        fail_point("runtime.cgroup_made");
        hand_over_cgroup(options, made.cgroup);
        PidNote note;
        const bool follow = clone_container(options, made, note);
        fail_point("runtime.cloned");
        give_net_devices(options, made.pid);
        wait_until_ready(made, options);
        if (follow) follow_into_pid_namespace(made, note);
        apply_scheduling(options.config.process, made.pid);
        if (const auto& caches = options.config.cache_allocation)
            made.cache_group = join_cache_group(resctrl_mount(), *caches, options.id, made.pid);
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
