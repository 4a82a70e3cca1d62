// SPDX-License-Identifier: Apache-2.0
// hoist-bench: what hoist costs, against the floor and its peers, in one interleaved run inside a test host.
// hoist-bench [runtime|engine|stack|latency|memory|daemon ...]; all of them without an argument.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "bench/http.h"
#include "bench/subjects.h"
#include "runtime/oci.h"
#include "runtime/seccomp.h"
#include "tests/support/hoist_host.h"

extern char** environ;

namespace hoist::bench {
namespace {

using test::hoist_ok;
using test::sh;

const std::string area = "/var/lib/hoist/bench";
const std::string socket_path = "/run/hoist/hoist.sock";
const std::string programs = PROGRAM_DIR;

/// Runs a program to its end with the cheapest start there is, output thrown away; its status must be 0.
void spawn_and_wait(const std::vector<std::string>& command) {
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    if (const int code = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ))
        fail_errno(code, "run {}", command[0]);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0) fail(Kind::internal, "{} ended with status {}", join(command, " "), status);
}

bool installed(const std::string& program) {
    return test::run({"sh", "-c", "command -v " + program}).status == 0;
}

/// A bundle for the OCI runtimes, a root and a ready filter for the floor, a bridge for both.
void prepare() {
    test::busybox_tar();
    sh("mkdir -p " + area + "/bundle/rootfs " + area + "/work && tar -xf /tmp/busybox.tar -C " + area +
       "/bundle/rootfs && mkdir -p " + area + "/bundle/rootfs/proc " + area + "/bundle/rootfs/sys " + area +
       "/bundle/rootfs/dev");
    runtime::Config config = runtime::default_config();
    config.process.args = {"/bin/busybox", "true"};
    config.process.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    config.root_path = "rootfs";
    config.resources.memory_limit = 256 << 20;
    config.resources.pids_limit = 1000;
    config.resources.cpu_shares = 1024;
    config.seccomp = runtime::default_seccomp_profile(runtime::default_capabilities());
    write_file_atomic(area + "/bundle/config.json", runtime::to_json(config).dump(), 0644, Durable::no);
    write_file_atomic(area + "/filter", runtime::compile_seccomp(config.seccomp).filter, 0644, Durable::no);
    sh("ip link add flbr type bridge && ip addr add 10.9.0.1/16 dev flbr && ip link set flbr up");
}

std::vector<std::string> floor_command(bool bridge) {
    return {programs + "/floor",       area + "/bundle/rootfs", area + "/work",
            area + "/filter",          bridge ? "flbr" : "-",   bridge ? "10.9.0.2" : "-",
            bridge ? "10.9.0.1" : "-", "/bin/busybox",          "true"};
}

void measure_runtime() {
    std::vector<std::pair<std::string, std::function<void()>>> subjects = {
        {"floor", [] { spawn_and_wait(floor_command(false)); }}};
    std::vector<std::string> runtimes = {programs + "/hoist-runtime"};
    for (const char* peer : {"crun", "runc"})
        if (installed(peer)) runtimes.emplace_back(peer);
    for (const auto& runtime : runtimes) {
        subjects.emplace_back(runtime.substr(runtime.rfind('/') + 1) + " run", [runtime] {
            static int count = 0;
            spawn_and_wait(
                {runtime, "--root", "/run/bench-runtimes", "run", "-b", area + "/bundle", fmt::format("b{}", ++count)});
        });
    }
    Samples samples;
    samples.interleave(subjects, 40);
    samples.print("OCI runtime: run of busybox true", "floor");
}

void create_start_wait_remove(Connection& daemon, const std::string& network) {
    const Json made =
        daemon.request("POST", "/containers/create",
                       {{"Image", "busybox"},
                        {"Cmd", {"/bin/busybox", "true"}},
                        {"HostConfig", {{"NetworkMode", network}, {"Memory", 256 << 20}, {"PidsLimit", 1000}}}});
    const std::string id = made.at("Id");
    daemon.request("POST", "/containers/" + id + "/start");
    const Json ended = daemon.request("POST", "/containers/" + id + "/wait");
    if (ended.value("StatusCode", -1) != 0) fail(Kind::internal, "the container ended with {}", ended.dump());
    daemon.request("DELETE", "/containers/" + id);
}

void measure_engine() {
    Connection daemon(socket_path);
    hoist_ok({"network", "create", "benchnet"});
    Samples samples;
    samples.interleave(
        {{"floor", [] { spawn_and_wait(floor_command(false)); }},
         {"hoist create+start+wait+rm", [&] { create_start_wait_remove(daemon, "none"); }},
         {"hoist run --rm (with its client)",
          [] {
              spawn_and_wait({programs + "/hoist", "run", "--rm", "--network", "none", "busybox", "true"});
          }}},
        40);
    samples.print("one container, no network", "floor");
    Samples bridged;
    bridged.interleave({{"floor, bridge", [] { spawn_and_wait(floor_command(true)); }},
                        {"hoist create+start+wait+rm, bridge", [&] { create_start_wait_remove(daemon, "benchnet"); }}},
                       40);
    bridged.print("one container on a bridge network", "floor, bridge");
    hoist_ok({"network", "rm", "benchnet"});
}

/// N floor containers, two at a time, as the stack below would need at the least.
void floor_of(int count) {
    std::thread half([&] {
        for (int i = 0; i < count / 2; ++i) spawn_and_wait(floor_command(true));
    });
    for (int i = 0; i < count - count / 2; ++i) spawn_and_wait(floor_command(true));
    half.join();
}

std::string stack_of(int count) {
    const std::string folder = fmt::format("{}/stack{}", area, count);
    std::string text = "services:\n";
    for (int i = 0; i < count; ++i)
        text += fmt::format("  s{}:\n    image: busybox\n    command: sleep 100000\n    stop_signal: SIGKILL\n", i);
    make_directories(folder);
    write_file_atomic(folder + "/compose.yaml", text, 0644, Durable::no);
    return folder;
}

void measure_stack() {
    for (const int count : {1, 10, 100}) {
        const std::string folder = stack_of(count);
        Samples samples;
        for (int round = 0; round < (count == 100 ? 3 : 5); ++round) {
            const double floor = time_ms([&] { floor_of(count); });
            const double up = time_ms([&] { hoist_ok({"up", "-d"}, folder, 300); });
            const double down = time_ms([&] { hoist_ok({"down"}, folder, 300); });
            if (round == 0) continue;
            samples.add("floor, start and end", floor);
            samples.add("hoist up -d", up);
            samples.add("hoist down", down);
            samples.add("up + down", up + down);
        }
        samples.print(fmt::format("{} busybox services", count), "floor, start and end");
    }
}

double milliseconds_between(TimePoint from, TimePoint to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

TimePoint started_at(const std::string& name) {
    return parse_time(test::inspect(name)["State"].value("StartedAt", "")).value_or(TimePoint{});
}

TimePoint modified_at(const std::string& path) {
    struct stat info {};
    check(::stat(path.c_str(), &info), "look at {}", path);
    return TimePoint(std::chrono::seconds(info.st_mtim.tv_sec) + Nanoseconds(info.st_mtim.tv_nsec));
}

void measure_latency() {
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
        test::eventually([&] { return test::pid_of("gate-first-1") > 0 && test::pid_of("gate-first-1") != pid; });
        samples.add("SIGKILL of process 1 to running again (100 ms of it back-off)",
                    milliseconds_between(killed, started_at("gate-first-1")));
        hoist_ok({"down", "-t", "1"}, folder);
    }
    samples.print("reactions", "");
}

/// Private memory of a process, KiB.
double private_kib(int pid) {
    double sum = 0;
    for (const auto& line : split(read_file(fmt::format("/proc/{}/smaps_rollup", pid)), '\n'))
        if (line.starts_with("Private_Clean:") || line.starts_with("Private_Dirty:"))
            sum += std::atof(line.c_str() + line.find(':') + 1);
    return sum;
}

void measure_memory() {
    const std::string folder = stack_of(50);
    Samples samples;
    samples.add("daemon, no container", private_kib(test::daemon_pid()));
    hoist_ok({"up", "-d"}, folder, 300);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    for (const auto& pid : split(sh("grep -lz '^monitor' /proc/[0-9]*/cmdline | cut -d/ -f3"), '\n'))
        if (!pid.empty()) samples.add("monitor", private_kib(std::stoi(pid)));
    samples.add("daemon, 50 containers", private_kib(test::daemon_pid()));
    samples.print("private memory with 50 idle containers", "", "KiB");
    hoist_ok({"down"}, folder, 300);
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

}  // namespace
}  // namespace hoist::bench

int main(int count, char** words) {
    using namespace hoist;
    std::set<std::string> wanted(words + 1, words + count);
    const std::vector<std::pair<std::string, void (*)()>> all = {
        {"runtime", bench::measure_runtime}, {"engine", bench::measure_engine}, {"stack", bench::measure_stack},
        {"latency", bench::measure_latency}, {"memory", bench::measure_memory}, {"daemon", bench::measure_daemon}};
    try {
        test::enter_test_host();
        bench::prepare();
        test::import_busybox();
        for (const auto& [name, measure] : all)
            if (wanted.empty() || wanted.count(name)) measure();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hoist-bench: %s\n", error.what());
        return 1;
    }
    return 0;
}
