// SPDX-License-Identifier: Apache-2.0
// The process in front of a container's own, for user and time namespaces.
#include <sched.h>
#include <sys/stat.h>

#include "runtime/init/container_process.h"
#include "runtime/init/identity.h"
#include "runtime/init/mounts.h"

namespace hoist::runtime::init {
namespace {

/// The clocks are set by the first one in the namespace, before anybody is born there.
void make_time_namespace(const Config& config, const Fd& offsets) {
    if (::unshare(CLONE_NEWTIME) != 0) {
        if (errno == EINVAL) fail(Kind::invalid, "linux.namespaces: this kernel has no time namespaces");
        fail_errno(errno, "make a time namespace");
    }
    std::string text;
    for (const auto& [clock, offset] : config.time_offsets)
        text += fmt::format("{} {} {}\n", clock, offset.seconds, offset.nanoseconds);
    if (!text.empty()) check(::write(offsets.get(), text.data(), text.size()), "linux.timeOffsets: set the clocks");
}

/// With the host's rights, as far as they are needed; then in the user namespace.
void prepare_outside(Plan& plan) {
    const auto& options = plan.options;
    begin(plan);
    ::umask(0);
    make_room(options.config.process);
    const Fd offsets = plan.new_time ? open_file("/proc/self/timens_offsets", O_WRONLY) : Fd();
    if (plan.user_namespace) {
        if (!plan.new_network) apply_sysctl(options.config, RootDir::open("/"), {NamespaceType::network});
        if (!plan.joined_mounts) make_host_side(options, !plan.new_network, plan.pid_namespace, plan.host_side);
        check(::setns(plan.user_namespace.get(), CLONE_NEWUSER), "join the user namespace");
        become_root_inside();
    }
    if (plan.new_time) make_time_namespace(options.config, offsets);
}

}  // namespace

void run_outer_process(Plan& plan, Reporter reporter, PidNote& note) {
    run_reporting(reporter, [&] {
        prepare_outside(plan);
        if (note.clone_sibling(plan.new_namespaces) > 0) ::_exit(0);
        build_and_run(plan, reporter);
    });
}

}  // namespace hoist::runtime::init
