// SPDX-License-Identifier: Apache-2.0
// How soon hoist answers to what happens.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/units.h"
#include "bench/ground.h"
#include "bench/http.h"
#include "bench/sections.h"
#include "bench/subjects.h"
#include "tests/support/hoist_host.h"

namespace hoist::bench {

using test::hoist_ok;
using test::sh;

namespace {

double milliseconds_between(TimePoint from, TimePoint to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

TimePoint start_in(const Json& state) {
    return parse_time(state.value("StartedAt", "")).value_or(TimePoint{});
}

TimePoint started_at(const std::string& name) {
    return start_in(test::inspect(name)["State"]);
}

/// Waits until another process than `before` is a container's first. One answer tells both: that it runs, and since
/// when.
TimePoint started_again_at(const std::string& name, int before) {
    TimePoint start;
    test::eventually([&] {
        const Json state = test::inspect(name)["State"];
        const int pid = state.value("Pid", 0);  // 0 while it waits for its restart
        if (pid == 0 || pid == before) return false;
        start = start_in(state);
        return true;
    });
    return start;
}

TimePoint modified_at(const std::string& path) {
    struct stat info {};
    check(::stat(path.c_str(), &info), "look at {}", path);
    return TimePoint(std::chrono::seconds(info.st_mtim.tv_sec) + Nanoseconds(info.st_mtim.tv_nsec));
}

}  // namespace

void measure_reactions() {
    const std::string folder = area + "/gate";
    make_directories(folder + "/shared");
    write_file_atomic(folder + "/compose.yaml",
                      "services:\n"
                      "  first:\n    image: busybox\n    init: true\n    restart: always\n"
                      "    command: sh -c 'usleep 300000; touch /shared/ready; sleep 100000'\n"
                      "    volumes: ['./shared:/shared']\n"
                      "    healthcheck: {test: [CMD, test, -e, /shared/ready], interval: 1s}\n"
                      "  second:\n    image: busybox\n    init: true\n    command: sleep 100000\n"
                      "    depends_on: {first: {condition: service_healthy}}\n",
                      0644, Durable::no);
    Samples samples;
    for (int round = 0; round < 10; ++round) {
        ::unlink((folder + "/shared/ready").c_str());
        hoist_ok({"up", "-d"}, folder);
        samples.add("readiness to dependent's start",
                    milliseconds_between(modified_at(folder + "/shared/ready"), started_at("gate-second-1")));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const int pid = test::pid_of("gate-first-1");
        const TimePoint killed = now();
        ::kill(pid, SIGKILL);
        samples.add("SIGKILL of process 1 to running again (100 ms of it back-off)",
                    milliseconds_between(killed, started_again_at("gate-first-1", pid)));
        hoist_ok({"down", "-t", "1"}, folder);
    }
    samples.print("reactions", "");
}

void measure_daemon() {
    const std::string folder = stack_of(10);
    hoist_ok({"up", "-d"}, folder, 300);
    Samples samples;
    for (int round = 0; round < 10; ++round) {
        test::kill_daemon();
        samples.add("SIGKILL of the daemon to serving again", time_ms([] {
                        sh("setsid " + programs + "/hoistd >/dev/null 2>&1 &");
                        while (!Connection::answers(socket_path))
                            std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    }));
        samples.add("... to a complete list of 10", time_ms([] {
                        Connection daemon(socket_path);
                        while (daemon.request("GET", "/containers/json").size() != 10)
                            std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    }));
    }
    samples.print("the daemon is killed, 10 containers run", "");
    hoist_ok({"down"}, folder, 300);
}

}  // namespace hoist::bench
