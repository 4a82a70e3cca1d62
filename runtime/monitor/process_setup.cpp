// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor/process_setup.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/descriptors.h"

namespace hoist::runtime {
namespace {

constexpr int first_stray_fd = 4;  // 0, 1, 2 are /dev/null, 3 the first connection
std::optional<int> score_before;

void ignore(int) {}

void be_deaf() {
    // An empty handler instead of SIG_IGN, which a container would inherit through exec.
    struct sigaction action {};
    action.sa_handler = ignore;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM})
        ::sigaction(number, &action, nullptr);
}

void be_spared() {
    const int fd = ::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    char text[16] = {};
    const ssize_t got = ::read(fd, text, sizeof(text) - 1);
    if (got > 0 && ::pwrite(fd, "-999", 4, 0) == 4) score_before = std::atoi(text);
    ::close(fd);
}

}  // namespace

void set_up_monitor_process() {
    close_from(first_stray_fd);
    ::setsid();
    ::umask(022);
    be_deaf();
    ::mallopt(M_ARENA_MAX, 1);
    ::mallopt(M_TOP_PAD, 16 << 10);
    ::mallopt(M_TRIM_THRESHOLD, 64 << 10);
    be_spared();
}

std::optional<int> inherited_oom_score() {
    return score_before;
}

void trim_memory() {
    ::malloc_trim(0);
}

}  // namespace hoist::runtime
