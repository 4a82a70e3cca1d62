// SPDX-License-Identifier: Apache-2.0
#include "base/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/kernel_features.h"

namespace hoist {
namespace {

constexpr int most_numbers = 1 << 20;  // the kernel's own limit (fs.nr_open), unless somebody has raised it

/// The host's procfs, for when the process has left it behind; -1: not kept.
int procfs = -1;

bool is_procfs(int fd) {
    struct statfs info {};
    return ::fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/// What looks like /proc may be an image's.
DIR* open_own_list() {
    if (is_procfs(procfs)) {
        const int list = ::openat(procfs, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (list >= 0) return ::fdopendir(list);
    }
    const int list = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (list >= 0 && is_procfs(list)) return ::fdopendir(list);
    if (list >= 0) ::close(list);
    return nullptr;
}

/// The numbers of all open descriptors, or those that there may be, where no procfs tells.
std::vector<int> open_numbers() {
    std::vector<int> numbers;
    if (DIR* directory = open_own_list()) {
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

void keep_procfs_in_reach() {
    constexpr int out_of_the_way = 200;
    if (procfs >= 0 || kernel_has(KernelFeature::close_range)) return;
    const int fd = ::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    procfs = ::fcntl(fd, F_DUPFD_CLOEXEC, out_of_the_way);
    ::close(fd);
}

void close_from(int first) {
    if (kernel_has(KernelFeature::close_range)) {
        ::syscall(SYS_close_range, static_cast<unsigned>(first), ~0u, 0);
        return;
    }
    for (const int number : open_numbers()) {
        if (number >= first) ::close(number);
    }
}

void close_from_except(int first, std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    if (!kernel_has(KernelFeature::close_range)) {
        for (const int number : open_numbers()) {
            if (number >= first && !std::binary_search(kept.begin(), kept.end(), number)) ::close(number);
        }
        return;
    }
    for (const int number : kept) {
        if (number > first)
            ::syscall(SYS_close_range, static_cast<unsigned>(first), static_cast<unsigned>(number) - 1, 0);
        first = std::max(first, number + 1);
    }
    close_from(first);
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
