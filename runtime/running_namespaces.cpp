// SPDX-License-Identifier: Apache-2.0
#include "runtime/running_namespaces.h"

#include <sched.h>

#include <array>

#include "base/error.h"
#include "base/kernel_features.h"
#include "runtime/clone.h"

namespace hoist::runtime {
namespace {

// In this order: the user namespace gives the right to the others, and the mount namespace comes last.
constexpr std::array<std::pair<std::uint64_t, const char*>, 7> names = {{{CLONE_NEWUSER, "user"},
                                                                         {CLONE_NEWCGROUP, "cgroup"},
                                                                         {CLONE_NEWIPC, "ipc"},
                                                                         {CLONE_NEWUTS, "uts"},
                                                                         {CLONE_NEWNET, "net"},
                                                                         {0x80 /* CLONE_NEWTIME */, "time"},
                                                                         {CLONE_NEWNS, "mnt"}}};

Fd open_namespace(pid_t pid, const char* name) {
    return open_file(fmt::format("/proc/{}/ns/{}", pid, name), O_RDONLY);
}

}  // namespace

RunningNamespaces RunningNamespaces::of(pid_t pid, const Fd& pidfd, std::uint64_t flags) {
    RunningNamespaces made;
    made.flags_ = flags;
    if (kernel_has(KernelFeature::setns_pidfd)) {
        made.pidfd_ = pidfd.duplicate();
        made.pid_ = pidfd.duplicate();
        return made;
    }
    made.pid_ = open_namespace(pid, "pid");
    for (const auto& [flag, name] : names) {
        if (flags & flag) made.files_.emplace_back(flag, open_namespace(pid, name));
    }
    // Only now is it certain that the number was this process' all along.
    check(signal_process(pidfd, 0), "enter the container's namespaces");
    return made;
}

void RunningNamespaces::join() const {
    if (pidfd_) check(::setns(pidfd_.get(), static_cast<int>(flags_)), "enter the container's namespaces");
    for (const auto& [flag, file] : files_)
        check(::setns(file.get(), static_cast<int>(flag)), "enter the container's namespaces");
}

}  // namespace hoist::runtime
