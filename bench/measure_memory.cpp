// SPDX-License-Identifier: Apache-2.0
// What hoist keeps for itself.
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "bench/ground.h"
#include "bench/sections.h"
#include "bench/subjects.h"
#include "tests/support/hoist_host.h"

namespace hoist::bench {

using test::hoist_ok;
using test::sh;

namespace {

/// KiB of a process's memory, of kinds as smaps_rollup names them.
double memory_kib(int pid, std::initializer_list<const char*> kinds) {
    double sum = 0;
    for (const auto& line : split(read_file(fmt::format("/proc/{}/smaps_rollup", pid)), '\n'))
        for (const char* kind : kinds)
            if (line.starts_with(kind)) sum += std::atof(line.c_str() + line.find(':') + 1);
    return sum;
}

double private_kib(int pid) {
    return memory_kib(pid, {"Private_Clean:", "Private_Dirty:"});
}

double pss_kib(int pid) {
    return memory_kib(pid, {"Pss:"});
}

/// An idle daemon is one that has been quiet for its two seconds.
void wait_until_idle() {
    std::this_thread::sleep_for(std::chrono::seconds(3));
}

}  // namespace

void measure_memory() {
    const std::string folder = stack_of(50);
    Samples samples;
    wait_until_idle();
    samples.add("daemon, no container", private_kib(test::daemon_pid()));
    hoist_ok({"up", "-d"}, folder, 300);
    wait_until_idle();
    double all = pss_kib(test::daemon_pid());
    for (const auto& pid : split(sh("grep -lz '^monitor' /proc/[0-9]*/cmdline | cut -d/ -f3"), '\n')) {
        if (pid.empty()) continue;
        samples.add("monitor", private_kib(std::stoi(pid)));
        all += pss_kib(std::stoi(pid));
    }
    samples.add("daemon, 50 containers", private_kib(test::daemon_pid()));
    samples.add("daemon and monitors together, PSS", all);
    samples.print("private memory with 50 idle containers", "", "KiB");
    hoist_ok({"down"}, folder, 300);
}

}  // namespace hoist::bench
