// SPDX-License-Identifier: Apache-2.0
// Further processes in a running container: by exec and by health checks.
#include <thread>

#include "base/error.h"
#include "base/units.h"
#include "bench/ground.h"
#include "bench/http.h"
#include "bench/sections.h"
#include "bench/subjects.h"
#include "tests/support/hoist_host.h"

namespace hoist::bench {
namespace {

std::string start_sleeper(Connection& daemon, const Json& health = nullptr) {
    Json spec = {{"Image", "busybox"},
                 {"Cmd", {"/bin/busybox", "sleep", "100000"}},
                 {"StopSignal", "SIGKILL"},
                 {"HostConfig", {{"NetworkMode", "none"}, {"Memory", 256 << 20}, {"PidsLimit", 1000}}}};
    if (!health.is_null()) spec["Healthcheck"] = health;
    const std::string id = daemon.request("POST", "/containers/create", spec).at("Id");
    daemon.request("POST", "/containers/" + id + "/start");
    return id;
}

void remove(Connection& daemon, const std::string& id) {
    daemon.request("DELETE", "/containers/" + id + "?force=true");
}

int pid_of(Connection& daemon, const std::string& id) {
    return daemon.request("GET", "/containers/" + id + "/json").at("State").at("Pid");
}

/// As `docker exec` does it: create, start with the output on the same connection, ask for the exit code.
void exec_true(Connection& daemon, const std::string& container) {
    const Json spec = {{"Cmd", {"/bin/busybox", "true"}}, {"AttachStdout", true}, {"AttachStderr", true}};
    const std::string id = daemon.request("POST", "/containers/" + container + "/exec", spec).at("Id");
    daemon.request_stream("/exec/" + id + "/start", {{"Detach", false}, {"Tty", false}});
    const Json ended = daemon.request("GET", "/exec/" + id + "/json");
    if (ended.at("ExitCode") != 0) fail(Kind::internal, "exec ended with {}", ended.dump());
}

/// CPU time of the whole host during `work`, in milliseconds.
double cpu_of(const std::function<void()>& work) {
    const double before = host_cpu_ms();
    work();
    return host_cpu_ms() - before;
}

double cpu_of_each(const std::function<void()>& work) {
    constexpr int count = 20;
    const double all = cpu_of([&] {
        for (int i = 0; i < count; ++i) work();
    });
    return all / count;
}

/// How far apart the last health checks of a container began.
double milliseconds_between_checks(Connection& daemon, const std::string& id) {
    const Json log = daemon.request("GET", "/containers/" + id + "/json").at("State").at("Health").at("Log");
    const auto start = [&](const Json& entry) { return parse_time(entry.at("Start").get<std::string>()).value(); };
    const std::chrono::duration<double, std::milli> all = start(log.back()) - start(log.front());
    return all.count() / static_cast<double>(log.size() - 1);
}

void wait_a_second() {
    std::this_thread::sleep_for(std::chrono::seconds(1));
}

/// A check's CPU time: what the host uses while one container is checked again and again, less what it uses idle.
double cpu_of_health_check(Connection& daemon, const std::string& id, double idle) {
    const double used = cpu_of(wait_a_second);
    return (used - idle) * milliseconds_between_checks(daemon, id) / 1000;
}

}  // namespace

void measure_exec() {
    Connection daemon(socket_path);
    const std::string id = start_sleeper(daemon);
    const std::vector<std::string> floor = {programs + "/floor", "exec",         std::to_string(pid_of(daemon, id)),
                                            area + "/filter",    "/bin/busybox", "true"};
    const auto bare = [&] { spawn_and_wait(floor); };
    const auto exec = [&] { exec_true(daemon, id); };
    const auto client = [&] { spawn_and_wait({programs + "/hoist", "exec", id, "/bin/busybox", "true"}); };
    Samples time;
    time.interleave({{"bare joins, as a process", bare},
                     {"exec through the daemon", exec},
                     {"hoist exec (with its client)", client}},
                    40);
    time.print("exec of busybox true in a running container", "bare joins, as a process");

    Samples cpu;
    for (int round = 0; round < 5; ++round) {
        cpu.add("bare joins, as a process", cpu_of_each(bare));
        cpu.add("exec through the daemon", cpu_of_each(exec));
    }
    const double idle = cpu_of(wait_a_second);
    const Json probe = {
        {"Test", {"CMD", "/bin/busybox", "true"}}, {"Interval", 20'000'000}, {"Timeout", 5'000'000'000}};
    const std::string checked = start_sleeper(daemon, probe);
    for (int round = 0; round < 5; ++round) {
        wait_a_second();
        cpu.add("health check", cpu_of_health_check(daemon, checked, idle));
    }
    cpu.print("... its CPU time", "bare joins, as a process");
    for (const auto& each : {id, checked}) remove(daemon, each);
}

}  // namespace hoist::bench
