// SPDX-License-Identifier: Apache-2.0
#include "bench/logs.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "bench/subjects.h"
#include "tests/support/hoist_host.h"

namespace hoist::bench {
namespace {

using test::hoist_ok;
using test::sh;

const std::string programs = PROGRAM_DIR;
const std::string area = "/var/lib/hoist/bench-logs";
constexpr const char* lines = "1000000";

/// Memory that the machine underneath has to find first is slow the first time. Each measurement begins with enough
/// that was in use just now, or the one that needs most pays for all.
void warm_up_memory() {
    sh("head -c 256M /dev/zero > " + area + "/warm && rm " + area + "/warm");
}

/// The writer through a pipe into `cat > file`: what keeping output costs at the least.
double floor_ms(const std::string& how) {
    sh("rm -f " + area + "/copy");
    warm_up_memory();
    return time_ms([&] { sh(programs + "/log_writer " + how + " " + lines + " | cat > " + area + "/copy"); });
}

/// The folder of the memory cgroup of a container that does nothing.
std::string idle_containers_cgroup() {
    hoist_ok({"run", "-d", "--name", "idle", "--network", "none", "busybox", "sleep", "3600"});
    const std::string line = fmt::format("grep -e :memory: -e ^0:: /proc/{}/cgroup | head -n 1", test::pid_of("idle"));
    const std::string entry(trim(sh(line)));
    return (entry.starts_with("0::") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory") + entry.substr(entry.rfind(':') + 1);
}

/// As floor_ms, but as a container's processes: the kernel then counts each page of the pipe and of the file.
double counted_floor_ms(const std::string& how, const std::string& cgroup) {
    sh("rm -f " + area + "/copy");
    warm_up_memory();
    return time_ms([&] {
        sh("echo $$ > " + cgroup + "/cgroup.procs; " + programs + "/log_writer " + how + " " + lines + " | cat > " +
           area + "/copy");
    });
}

/// The writer to a file, without anybody in between.
double file_ms(const std::string& how) {
    sh("rm -f " + area + "/copy");
    warm_up_memory();
    return time_ms([&] { sh(programs + "/log_writer " + how + " " + lines + " > " + area + "/copy"); });
}

TimePoint moment(const Json& state, const char* key) {
    return parse_time(state.value(key, "")).value_or(TimePoint{});
}

/// From the container's start to its end, as recorded: starting and stopping it are other sections' business.
double container_ms(const std::string& how, const std::vector<std::string>& options, bool keep = false) {
    std::vector<std::string> command = {"run",       "-d",   "--name", "loud",
                                        "--network", "none", "-v",     programs + ":/bench:ro"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"busybox", "/bench/log_writer", how, lines});
    warm_up_memory();
    hoist_ok(command, "/", 300);
    hoist_ok({"wait", "loud"}, "/", 300);
    const Json state = test::inspect("loud")["State"];
    if (!keep) hoist_ok({"rm", "loud"});
    return std::chrono::duration<double, std::milli>(moment(state, "FinishedAt") - moment(state, "StartedAt")).count();
}

void measure_writing(const std::string& how, const std::string& title) {
    Samples samples;
    const std::string cgroup = idle_containers_cgroup();
    for (int round = -1; round < 5; ++round) {
        const double floor = floor_ms(how), file = file_ms(how), local = container_ms(how, {});
        const double counted = counted_floor_ms(how, cgroup);
        const double json = container_ms(how, {"--log-driver", "json-file"});
        if (round < 0) continue;
        samples.add("pipe into cat > file", floor);
        samples.add("the same in a memory cgroup", counted);
        samples.add("straight into a file", file);
        samples.add("container, log driver local", local);
        samples.add("container, log driver json-file", json);
    }
    samples.print(title, "pipe into cat > file");
    hoist_ok({"rm", "-f", "idle"});
}

void measure_reading() {
    for (const char* driver : {"local", "json-file"}) {
        container_ms("blocks", {"--log-driver", driver, "--log-opt", "max-size=1g"}, true);
        Samples samples;
        const std::string logs = programs + "/hoist logs ";
        samples.interleave({{"cat file | wc -l", [] { sh("cat " + area + "/copy | wc -l"); }},
                            {"hoist logs | wc -l", [&] { sh(logs + "loud | wc -l"); }},
                            {"hoist logs -t | wc -l", [&] { sh(logs + "-t loud | wc -l"); }},
                            {"hoist logs --tail 10", [&] { sh(logs + "--tail 10 loud"); }}},
                           5);
        samples.print(fmt::format("reading 1,000,000 lines back, log driver {}", driver), "cat file | wc -l");
        hoist_ok({"rm", "loud"});
    }
}

}  // namespace

void measure_logs() {
    sh("mkdir -p " + area);
    measure_writing("blocks", "1,000,000 lines of 104 bytes, written in blocks of 64 KiB");
    measure_writing("lines", "1,000,000 lines of 104 bytes, a write each");
    measure_reading();
}

}  // namespace hoist::bench
