// SPDX-License-Identifier: Apache-2.0
#include "base/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/kernel_features.h"

namespace hoist {
namespace {

constexpr int most_numbers = 1 << 20;  // the kernel's own limit (fs.nr_open), unless somebody has raised it

/// The numbers of all open descriptors, or those that there may be, where no procfs tells. What looks like /proc may be
/// an image's.
std::vector<int> open_numbers() {
    std::vector<int> numbers;
    struct statfs info {};
    DIR* directory =
        ::statfs("/proc/self/fd", &info) == 0 && info.f_type == PROC_SUPER_MAGIC ? ::opendir("/proc/self/fd") : nullptr;
    if (directory) {
        while (const dirent* entry = ::readdir(directory)) {
            const int number = std::atoi(entry->d_name);
            if (entry->d_name[0] != '.' && number != ::dirfd(directory)) numbers.push_back(number);
        }
        ::closedir(directory);
        return numbers;
    }
    for (int number = 0; number < most_numbers; ++number) {
        if (::fcntl(number, F_GETFD) >= 0) numbers.push_back(number);
    }
    return numbers;
}

}  // namespace

void close_from(int first) {
    if (kernel_has(KernelFeature::close_range)) {
        ::syscall(SYS_close_range, static_cast<unsigned>(first), ~0u, 0);
        return;
    }
    for (const int number : open_numbers()) {
        if (number >= first) ::close(number);
    }
}

void close_from_except(int first, int kept) {
    if (kept < first) return close_from(first);
    if (kernel_has(KernelFeature::close_range)) {
        if (kept > first) ::syscall(SYS_close_range, static_cast<unsigned>(first), static_cast<unsigned>(kept) - 1, 0);
    } else {
        for (const int number : open_numbers()) {
            if (number >= first && number < kept) ::close(number);
        }
    }
    close_from(kept + 1);
}

void close_at_exec_from(int first) {
    if (kernel_has(KernelFeature::close_range)) {
        check(::syscall(SYS_close_range, static_cast<unsigned>(first), ~0u, CLOSE_RANGE_CLOEXEC), "mark descriptors");
        return;
    }
    for (const int number : open_numbers()) {
        if (number >= first) check(::fcntl(number, F_SETFD, FD_CLOEXEC), "mark descriptor {}", number);
    }
}

}  // namespace hoist
