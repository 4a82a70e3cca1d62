// SPDX-License-Identifier: Apache-2.0
// Paused containers, and limits that change while one runs. REL-07
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

const std::string program = PROGRAM_DIR "/hoist";

class Pause : public testing::Test {
protected:
    void SetUp() override { import_busybox(); }
    void TearDown() override {
        sh(program + " ps -a -q | xargs -r " + program + " rm -f");
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
    }
    static void start_counter(const std::string& name, std::vector<std::string> options = {}) {
        std::vector<std::string> command = {"run", "-d", "--name", name, "--network", "none"};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(),
                       {"busybox", "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; usleep 10000; done"});
        hoist_ok(command);
    }
    static std::size_t lines(const std::string& name) {
        const auto log = hoist_ok({"logs", name});
        return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
    }
    static bool stands_still(const std::string& name) {
        const auto before = lines(name);
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        return lines(name) == before;
    }
    static bool is_v2() { return read_file_if_exists("/sys/fs/cgroup/cgroup.controllers").has_value(); }
    /// A limit of a running container, from its cgroup, in the terms of v1.
    static std::string limit(const std::string& name, const std::string& controller, const std::string& file) {
        const auto id = inspect(name).value("Id", "");
        const auto read = [&](const std::string& path) {
            return std::string(trim(read_file_if_exists("/sys/fs/cgroup/" + path).value_or("no such file")));
        };
        if (!is_v2()) return read(controller + "/hoist/" + id + "/" + file);
        const auto read_v2 = [&](const std::string& key) { return read("hoist/" + id + "/" + key); };
        if (file == "memory.limit_in_bytes") return read_v2("memory.max");
        if (file == "memory.usage_in_bytes") return read_v2("memory.current");
        if (file == "memory.memsw.limit_in_bytes")
            return std::to_string(std::stoll(read_v2("memory.max")) + std::stoll(read_v2("memory.swap.max")));
        if (file == "cpu.cfs_quota_us") return split(read_v2("cpu.max"), ' ')[0];
        if (file == "cpu.shares") return read_v2("cpu.weight") == "59" ? "512" : read_v2("cpu.weight");
        return read_v2(file);
    }
    /// Kernels made for little do without processor sets.
    static bool has_cpusets() {
        const auto controllers = read_file_if_exists("/sys/fs/cgroup/cgroup.controllers");
        return !controllers || controllers->find("cpuset") != std::string::npos;
    }
};

TEST_F(Pause, StandsStillAndIsSeenToDoSo) {
    start_counter("cc");
    hoist_ok({"pause", "cc"});
    EXPECT_TRUE(stands_still("cc"));
    EXPECT_EQ(status_of("cc"), "paused");
    EXPECT_TRUE(inspect("cc")["State"].value("Paused", false));
    EXPECT_TRUE(inspect("cc")["State"].value("Running", false));
    EXPECT_NE(hoist_ok({"ps"}).find("(Paused)"), std::string::npos);
    EXPECT_NE(hoist_ok({"ps", "--status", "paused"}).find("c\n"), std::string::npos);
    EXPECT_NE(hoist({"pause", "cc"}).err.find("already paused"), std::string::npos);
    EXPECT_NE(hoist({"exec", "-T", "cc", "true"}).err.find("paused"), std::string::npos);
    EXPECT_NE(hoist({"start", "cc"}).err.find("paused"), std::string::npos);
    hoist_ok({"unpause", "cc"});
    EXPECT_FALSE(stands_still("cc"));
    EXPECT_EQ(status_of("cc"), "running");
    EXPECT_NE(hoist({"unpause", "cc"}).err.find("not paused"), std::string::npos);
    hoist_ok({"stop", "-t", "0", "cc"});
    EXPECT_NE(hoist({"pause", "cc"}).err.find("not running"), std::string::npos);
    const auto events = hoist_ok({"events", "--since", "1h", "--until", "0s", "--filter", "container=cc"});
    EXPECT_NE(events.find("pause"), std::string::npos);
    EXPECT_NE(events.find("unpause"), std::string::npos);
}

TEST_F(Pause, OutlivesTheDaemon) {  // REL-07
    start_counter("cc");
    const int pid = pid_of("cc");
    hoist_ok({"pause", "cc"});
    kill_daemon();
    EXPECT_EQ(status_of("cc"), "paused");
    EXPECT_EQ(pid_of("cc"), pid);
    EXPECT_TRUE(stands_still("cc"));
    hoist_ok({"unpause", "cc"});
    EXPECT_FALSE(stands_still("cc"));
    EXPECT_EQ(pid_of("cc"), pid);
}

TEST_F(Pause, AKillBetweenFreezingAndStoringIsNoHalfPause) {  // REL-02
    start_counter("cc");
    hoist_ok({"pause", "cc"});
    kill_daemon();
    hoist_ok({"unpause", "cc"});
    kill_daemon();
    EXPECT_EQ(status_of("cc"), "running");
    EXPECT_FALSE(stands_still("cc"));
}

struct EndCase {
    std::vector<std::string> command;
    int code;
};
TEST_F(Pause, ThePausedCanBeEnded) {
    const std::vector<EndCase> cases = {
        {{"stop", "-t", "100", "cc"}, 9}, {{"kill", "cc"}, 137}, {{"rm", "-f", "cc"}, -1}};
    for (const auto& [command, code] : cases) {
        hoist_ok({"run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
                  "trap 'exit 9' TERM; while :; do sleep 0.05; done"});
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        hoist_ok({"pause", "cc"});
        const auto began = std::chrono::steady_clock::now();
        hoist_ok(command);
        EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(60)) << command[0];
        if (code < 0) continue;
        EXPECT_EQ(status_of("cc"), "exited") << command[0];
        EXPECT_EQ(inspect("cc")["State"].value("ExitCode", 0), code) << command[0];
        hoist_ok({"rm", "cc"});
    }
}

TEST_F(Pause, AnotherSignalWaitsForTheThaw) {
    hoist_ok({"run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
              "trap 'echo usr1' USR1; while :; do sleep 0.05; done"});
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    hoist_ok({"pause", "cc"});
    hoist_ok({"kill", "-s", "USR1", "cc"});
    EXPECT_EQ(status_of("cc"), "paused");
    EXPECT_EQ(hoist_ok({"logs", "cc"}), "");
    hoist_ok({"unpause", "cc"});
    EXPECT_TRUE(eventually([] { return hoist_ok({"logs", "cc"}) == "usr1\n"; }, 60));
}

TEST_F(Pause, HealthIsNotJudgedMeanwhile) {
    sh("mkdir -p /tmp/pause");
    write_file_atomic("/tmp/pause/compose.yaml",
                      "services:\n  web:\n    image: busybox\n    init: true\n    command: sleep 1000\n"
                      "    network_mode: none\n    stop_grace_period: 1s\n"
                      "    healthcheck: {test: [CMD, 'true'], interval: 100ms, timeout: 200ms, retries: 1}\n",
                      0644, Durable::no);
    hoist_ok({"up", "-d", "--wait"}, "/tmp/pause");
    EXPECT_EQ(hoist_ok({"pause"}, "/tmp/pause"), "pause-web-1\n");
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_EQ(health_of("pause-web-1"), "healthy");
    EXPECT_EQ(hoist_ok({"compose", "unpause", "web"}, "/tmp/pause"), "pause-web-1\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_EQ(health_of("pause-web-1"), "healthy");
    hoist_ok({"down"}, "/tmp/pause");
}

TEST_F(Pause, LimitsChangeWhileItRunsAndForLater) {
    if (!has_cpusets()) GTEST_SKIP() << "this kernel has no cpuset controller";
    start_counter("cc", {"-m", "64m", "--pids-limit", "50"});
    const int pid = pid_of("cc");
    hoist_ok({"update", "-m", "100m", "--memory-swap", "150m", "--cpus", "0.5", "-c", "512", "--cpuset-cpus", "0",
              "--pids-limit", "40", "--restart", "on-failure:3", "cc"});
    EXPECT_EQ(pid_of("cc"), pid);
    const auto expect_limits = [&] {
        EXPECT_EQ(limit("cc", "memory", "memory.limit_in_bytes"), std::to_string(100 << 20));
        EXPECT_EQ(limit("cc", "memory", "memory.memsw.limit_in_bytes"), std::to_string(150 << 20));
        EXPECT_EQ(limit("cc", "cpu", "cpu.cfs_quota_us"), "50000");
        EXPECT_EQ(limit("cc", "cpu", "cpu.shares"), "512");
        EXPECT_EQ(limit("cc", "cpuset", "cpuset.cpus"), "0");
        EXPECT_EQ(limit("cc", "pids", "pids.max"), "40");
    };
    expect_limits();
    EXPECT_EQ(std::string(trim(sh(fmt::format("grep Cpus_allowed_list /proc/{}/status | cut -f2", pid)))), "0");
    const Json host = inspect("cc")["HostConfig"];
    EXPECT_EQ(host.value("Memory", 0), 100 << 20);
    EXPECT_EQ(host.value("NanoCpus", 0), 500000000);
    EXPECT_EQ(host["RestartPolicy"].value("Name", ""), "on-failure");
    kill_daemon();
    EXPECT_EQ(inspect("cc")["HostConfig"].value("PidsLimit", 0), 40);
    hoist_ok({"restart", "-t", "0", "cc"});
    expect_limits();
}

TEST_F(Pause, ARefusedLimitChangesNothing) {
    if (!has_cpusets()) GTEST_SKIP() << "this kernel has no cpuset controller";
    hoist_ok({"run", "-d", "--name", "cc", "--network", "none", "-m", "64m", "--pids-limit", "50", "busybox", "sh",
              "-c", "head -c 30m /dev/zero | tail -c 30m | (sleep 1000; cat) > /dev/null"});
    EXPECT_TRUE(eventually([&] { return std::stol(limit("cc", "memory", "memory.usage_in_bytes")) > 25 << 20; }, 60));
    const std::vector<std::pair<std::vector<std::string>, const char*>> cases = {
        {{"--pids-limit", "7", "-m", "10m"}, "uses more than that"},
        {{"--pids-limit", "7", "--cpuset-cpus", "4000"}, "cpuset.cpus"},
        {{"-m", "1m"}, "6 MiB"},
        {{"-m", "100m", "--memory-swap", "70m"}, "less than the memory limit"},
        {{"--cpus", "1", "--cpu-quota", "5000"}, "use one of them"}};
    for (const auto& [options, says] : cases) {
        std::vector<std::string> command = {"update"};
        command.insert(command.end(), options.begin(), options.end());
        command.push_back("cc");
        const auto refused = hoist(command);
        EXPECT_EQ(refused.status, 1);
        EXPECT_NE(refused.err.find(says), std::string::npos) << refused.err;
        EXPECT_EQ(limit("cc", "pids", "pids.max"), "50");
        EXPECT_EQ(limit("cc", "memory", "memory.limit_in_bytes"), std::to_string(64 << 20));
        EXPECT_EQ(inspect("cc")["HostConfig"].value("PidsLimit", 0), 50);
        EXPECT_EQ(inspect("cc")["HostConfig"].value("Memory", 0), 64 << 20);
    }
    hoist_ok({"update", "--pids-limit", "7", "cc"});  // the twin
    EXPECT_EQ(limit("cc", "pids", "pids.max"), "7");
}

TEST_F(Pause, AnInterruptedUpdateIsDoneAfterwards) {  // REL-02
    for (const char* step : {"update.stored", "update.applied"}) {
        start_counter("cc", {"--pids-limit", "50"});
        stop_daemon();
        sh(fmt::format("HOIST_FAIL={}:1:kill setsid {}/hoistd >/dev/null 2>&1 &", step, PROGRAM_DIR));
        const std::vector<std::string> ping = {"curl", "-s", "--unix-socket", "/run/hoist/hoist.sock",
                                               "http://x/_ping"};
        ASSERT_TRUE(eventually([&] { return run(ping).out == "OK"; }, 60));
        EXPECT_NE(hoist({"update", "--pids-limit", "33", "cc"}).status, 0) << step;
        // The next daemon; the last one may still be on its way out.
        EXPECT_TRUE(eventually([] { return hoist({"ps"}).status == 0; }, 60));
        EXPECT_EQ(inspect("cc")["HostConfig"].value("PidsLimit", 0), 33) << step;
        EXPECT_TRUE(eventually([] { return limit("cc", "pids", "pids.max") == "33"; }, 60)) << step;
        hoist_ok({"rm", "-f", "cc"});
    }
}

TEST_F(Pause, AMemoryLimitThatCameLaterIsWatched) {
    hoist_ok({"run", "-d", "--name", "cc", "--network", "none", "busybox", "sh", "-c",
              "while [ ! -e /go ]; do sleep 0.1; done; tail /dev/zero; while :; do sleep 1; done"});
    EXPECT_FALSE(inspect("cc")["State"].value("OOMKilled", true));
    hoist_ok({"update", "-m", "16m", "--memory-swap", "16m", "cc"});
    hoist_ok({"exec", "-T", "cc", "touch", "/go"});
    EXPECT_TRUE(eventually([] { return inspect("cc")["State"].value("OOMKilled", false); }, 60))
        << "a worker that was killed counts while process 1 runs on";
    EXPECT_EQ(status_of("cc"), "running");
    EXPECT_NE(hoist_ok({"events", "--since", "1h", "--until", "0s", "--filter", "container=cc"}).find("oom"),
              std::string::npos);
    kill_daemon();
    EXPECT_TRUE(inspect("cc")["State"].value("OOMKilled", false));
}

}  // namespace
}  // namespace hoist::test
