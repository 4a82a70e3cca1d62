// SPDX-License-Identifier: Apache-2.0
#include "base/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/kernel_features.h"

namespace hoist {
namespace {

constexpr int most_numbers = 1 << 20;  // the kernel's own limit (fs.nr_open), unless somebody has raised it

/// Asks poll(2) about many numbers at once: a call for each of a million would take seconds.
std::vector<int> probe_numbers() {
    std::array<pollfd, 1024> batch;
    rlimit most{};  // of what poll(2) takes, too; open descriptors may well have higher numbers
    check(::getrlimit(RLIMIT_NOFILE, &most), "read RLIMIT_NOFILE");
    const int step = static_cast<int>(std::clamp<rlim_t>(most.rlim_cur, 1, batch.size()));
    std::vector<int> numbers;
    for (int first = 0; first < most_numbers; first += step) {
        for (int i = 0; i < step; ++i) batch[static_cast<std::size_t>(i)] = {first + i, 0, 0};
        check(::poll(batch.data(), static_cast<nfds_t>(step), 0), "look for open descriptors");
        for (int i = 0; i < step; ++i) {
            if (!(batch[static_cast<std::size_t>(i)].revents & POLLNVAL)) numbers.push_back(first + i);
        }
    }
    return numbers;
}

/// The numbers of all open descriptors. What looks like /proc may be an image's.
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
    return probe_numbers();
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
