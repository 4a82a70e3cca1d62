// SPDX-License-Identifier: Apache-2.0
#include "bench/floor_privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace hoist::bench {

constexpr unsigned long long kept_capabilities = 0xa80425fb;

void need(bool ok, const char* what) {
    if (ok) return;
    std::perror(what);
    std::_Exit(125);
}

std::string read_filter(const std::string& path) {
    std::string filter;
    if (path.empty()) return filter;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    filter.resize(65536);
    const auto got = ::read(fd, filter.data(), filter.size());
    need(got > 0, path.c_str());
    filter.resize(static_cast<std::size_t>(got));
    ::close(fd);
    return filter;
}

void drop_privileges(std::string& filter) {
    for (int number = 0; number <= CAP_LAST_CAP; ++number) {
        if (!(kept_capabilities >> number & 1)) ::prctl(PR_CAPBSET_DROP, number);
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    data[0].effective = data[0].permitted = static_cast<unsigned>(kept_capabilities);
    if (!filter.empty()) {
        const sock_fprog program{static_cast<unsigned short>(filter.size() / sizeof(sock_filter)),
                                 reinterpret_cast<sock_filter*>(filter.data())};
        need(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
    }
    need(::syscall(SYS_capset, &header, data) == 0, "capset");
}

}  // namespace hoist::bench
