// SPDX-License-Identifier: Apache-2.0
#include "base/kernel_features.h"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace hoist {
namespace {

/// A call with arguments that it refuses tells whether it is there.
bool knows_call(long number, long first = 0) {
    return ::syscall(number, first, nullptr, 0, nullptr, 0) >= 0 || errno != ENOSYS;
}

bool closes_on_exec() {
    return ::syscall(SYS_close_range, ~0u, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
}

/// For what leaves a complaint in the kernel's log when it is tried.
bool is_at_least(int major, int minor) {
    utsname info{};
    int have_major = 0, have_minor = 0;
    if (::uname(&info) != 0 || std::sscanf(info.release, "%d.%d", &have_major, &have_minor) != 2) return false;
    return have_major > major || (have_major == major && have_minor >= minor);
}

bool ask_kernel(KernelFeature feature) {
    switch (feature) {
        case KernelFeature::mount_api:
            return knows_call(SYS_fsopen);
        case KernelFeature::clone3:
        case KernelFeature::clone_into_cgroup:
            return knows_call(SYS_clone3);
        case KernelFeature::openat2:
            return knows_call(SYS_openat2, -1);
        case KernelFeature::close_range:
            return closes_on_exec();
        case KernelFeature::mount_setattr:
        case KernelFeature::idmapped_mounts:
            return knows_call(SYS_mount_setattr, -1);
        case KernelFeature::setns_pidfd:
        case KernelFeature::overlay_volatile:
        case KernelFeature::cgroup_kill:
        case KernelFeature::pidfd_group_signal:
            return true;
        case KernelFeature::overlay_lowerdir:
            return is_at_least(6, 7);
    }
    return true;
}

constexpr std::array<std::string_view, 12> names = {
    "mount_api",   "clone3",        "openat2",         "clone_into_cgroup", "setns_pidfd",      "overlay_volatile",
    "close_range", "mount_setattr", "idmapped_mounts", "cgroup_kill",       "overlay_lowerdir", "pidfd_group_signal"};

enum class Known : unsigned char { not_yet, there, missing };
std::array<std::atomic<Known>, names.size()> known;

#ifdef HOIST_FAIL_POINTS
bool turned_off(std::string_view name) {
    const char* list = std::getenv("HOIST_WITHOUT");
    if (!list) return false;
    for (const auto& one : split(list, ',')) {
        if (one == name || one == "all") return true;
    }
    return false;
}
#else
bool turned_off(std::string_view) {
    return false;
}
#endif

}  // namespace

bool kernel_has(KernelFeature feature) {
    // Threads that ask at the same time find the same.
    auto& answer = known[static_cast<std::size_t>(feature)];
    if (answer.load(std::memory_order_relaxed) == Known::not_yet) {
        const bool there = !turned_off(to_string(feature)) && ask_kernel(feature);
        answer.store(there ? Known::there : Known::missing, std::memory_order_relaxed);
    }
    return answer.load(std::memory_order_relaxed) == Known::there;
}

std::string_view to_string(KernelFeature feature) {
    return names[static_cast<std::size_t>(feature)];
}

const std::vector<KernelFeature>& all_kernel_features() {
    static const std::vector<KernelFeature> all = [] {
        std::vector<KernelFeature> made;
        for (std::size_t i = 0; i < names.size(); ++i) made.push_back(static_cast<KernelFeature>(i));
        return made;
    }();
    return all;
}

#ifdef HOIST_FAIL_POINTS
void use_kernel_without(const std::string& list) {
    ::setenv("HOIST_WITHOUT", list.c_str(), 1);
    for (auto& answer : known) answer = Known::not_yet;
}
#else
void use_kernel_without(const std::string&) {}
#endif

}  // namespace hoist
