// SPDX-License-Identifier: Apache-2.0
#include "runtime/running_namespaces.h"

#include <sched.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "base/kernel_features.h"
#include "runtime/clone.h"

namespace hoist::runtime {
namespace {

// In this order: the user namespace gives the right to the others, and the mount namespace comes last.
constexpr std::array<std::pair<std::uint64_t, const char*>, 7> namespace_names = {{{CLONE_NEWUSER, "user"},
                                                                                   {CLONE_NEWCGROUP, "cgroup"},
                                                                                   {CLONE_NEWIPC, "ipc"},
                                                                                   {CLONE_NEWUTS, "uts"},
                                                                                   {CLONE_NEWNET, "net"},
                                                                                   {0x80 /* CLONE_NEWTIME */, "time"},
                                                                                   {CLONE_NEWNS, "mnt"}}};

Fd open_namespace(pid_t pid, const char* name) {
    return open_file(fmt::format("/proc/{}/ns/{}", pid, name), O_RDONLY);
}

/// What is shared with the host cannot always be joined (a user namespace), and need not be.
bool is_shared(pid_t pid, const char* name) {
    struct stat theirs {
    }, own{};
    if (::stat(fmt::format("/proc/self/ns/{}", name).c_str(), &own) != 0) return true;  // this kernel has none
    check(::stat(fmt::format("/proc/{}/ns/{}", pid, name).c_str(), &theirs), "enter the container's namespaces");
    return theirs.st_ino == own.st_ino && theirs.st_dev == own.st_dev;
}

}  // namespace

RunningNamespaces RunningNamespaces::of(pid_t pid, const Fd& pidfd) {
    RunningNamespaces made;
    for (const auto& [flag, name] : namespace_names) {
        if (!is_shared(pid, name)) made.flags_ |= flag;
    }
    if (kernel_has(KernelFeature::setns_pidfd)) {
        made.pidfd_ = pidfd.duplicate();
        made.pid_ = pidfd.duplicate();
    } else {
        made.pid_ = open_namespace(pid, "pid");
        for (const auto& [flag, name] : namespace_names) {
            if (made.flags_ & flag) made.files_.emplace_back(flag, open_namespace(pid, name));
        }
    }
    // Only now is it certain that the number was this process' all along.
    check(signal_process(pidfd, 0), "enter the container's namespaces");
    return made;
}

bool RunningNamespaces::joins_user() const {
    return flags_ & CLONE_NEWUSER;
}

void RunningNamespaces::join() const {
    if (pidfd_ && flags_) check(::setns(pidfd_.get(), static_cast<int>(flags_)), "enter the container's namespaces");
    for (const auto& [flag, file] : files_)
        check(::setns(file.get(), static_cast<int>(flag)), "enter the container's namespaces");
}

}  // namespace hoist::runtime
