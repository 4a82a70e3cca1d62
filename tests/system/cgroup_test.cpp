// SPDX-License-Identifier: Apache-2.0
// Limits, measures, freezing and killing: the same results on cgroup v1, hybrid and v2 hosts. (REL-46) The suite runs
// it once more on a host with v2 alone (tests/support/programs/v2_host.sh).
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "tests/support/test_host.h"
#include "tests/system/engine_host.h"

namespace hoist::test {
namespace {

using runtime::CgroupLayout;
using runtime::CgroupMode;

bool is_v2() {
    return CgroupLayout::host().mode == CgroupMode::v2;
}

/// A control file of a cgroup, as the host sees it.
std::string control(const std::string& cgroup, const std::string& v1_controller, const std::string& v1_file,
                    const std::string& v2_file) {
    for (const auto& one : CgroupLayout::host().hierarchies) {
        const auto names = split(one.controllers, ',');
        if (!is_v2() && std::find(names.begin(), names.end(), v1_controller) == names.end()) continue;
        const auto text = read_file_if_exists(one.mount_point + cgroup + "/" + (is_v2() ? v2_file : v1_file));
        return text ? std::string(trim(*text)) : "no such file";
    }
    return "no such controller";
}

/// One container of busybox, started by the runtime's command line.
class Cgroups : public testing::Test {
protected:
    Cgroups() {
        config_.root_path = "rootfs";
        config_.process.args = {"/bin/busybox", "sleep", "1000"};
        sh("mkdir -p /tmp/b/rootfs/bin && cp /bin/busybox /tmp/b/rootfs/bin/ && ln -s busybox /tmp/b/rootfs/bin/sh");
    }
    ~Cgroups() override {
        command({"kill", "--all", "c", "KILL"});
        const bool gone = until([] {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            return ::waitpid(-1, nullptr, WNOHANG) < 0;
        });
        EXPECT_TRUE(gone) << "what was killed does not end";
        EXPECT_EQ(command({"delete", "-f", "c"}).status, 0);
        EXPECT_EQ(sh("find /sys/fs/cgroup -name hoist-c"), "");
        sh("rm -rf /tmp/b");
    }
    static bool until(const std::function<bool()>& condition) {
        for (int tries = 0; tries < 2000; ++tries) {
            if (condition()) return true;
            ::usleep(5'000);
        }
        return false;
    }
    Outcome command(const std::vector<std::string>& words) {
        std::vector<std::string> line = {PROGRAM_DIR "/hoist-runtime", "--root", "/run/rt"};
        line.insert(line.end(), words.begin(), words.end());
        return run(line, 120);
    }
    void start() {
        write_file_atomic("/tmp/b/config.json", to_json(config_).dump(), 0644, Durable::no);
        const auto made = command({"run", "-d", "-b", "/tmp/b", "c"});
        ASSERT_EQ(made.status, 0) << made.err;
    }
    Outcome exec(const std::string& line) { return command({"exec", "c", "/bin/sh", "-c", line}); }
    static runtime::CgroupStats stats() { return runtime::Cgroup::open(CgroupLayout::host(), "/hoist-c").stats(); }

    runtime::Config config_ = runtime::default_config();
};

TEST_F(Cgroups, SetAndChangeLimits) {
    config_.resources.memory_limit = 32 << 20;
    config_.resources.memory_reservation = 16 << 20;
    config_.resources.pids_limit = 20;
    config_.resources.cpu_shares = 1024;
    config_.resources.cpu_quota = 50'000;
    config_.resources.cpu_period = 100'000;
    start();
    const auto limit = [&](const char* controller, const char* v1_file, const char* v2_file) {
        return control("/hoist-c", controller, v1_file, v2_file);
    };
    EXPECT_EQ(limit("memory", "memory.limit_in_bytes", "memory.max"), "33554432");
    EXPECT_EQ(limit("memory", "memory.soft_limit_in_bytes", "memory.low"), "16777216");
    EXPECT_EQ(limit("pids", "pids.max", "pids.max"), "20");
    EXPECT_EQ(limit("cpu", "cpu.shares", "cpu.weight"), is_v2() ? "100" : "1024");
    const auto quota = limit("cpu", "cpu.cfs_quota_us", "cpu.max");
    if (quota != "no such file") {  // a kernel without bandwidth control would have refused it
        EXPECT_EQ(quota, is_v2() ? "50000 100000" : "50000");
    }
    ASSERT_EQ(command({"update", "--memory", "48m", "--pids-limit", "30", "c"}).status, 0);
    EXPECT_EQ(limit("memory", "memory.limit_in_bytes", "memory.max"), "50331648");
    EXPECT_EQ(limit("pids", "pids.max", "pids.max"), "30");
}

TEST_F(Cgroups, MeasureWhatRuns) {
    config_.resources.memory_limit = 64 << 20;
    start();
    const auto before = stats();
    EXPECT_EQ(before.memory_limit, 64u << 20);
    EXPECT_GT(before.memory_bytes, 0u);
    EXPECT_EQ(before.pids, 1u);
    EXPECT_EQ(before.oom_kills, 0u);
    EXPECT_EQ(exec("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").status, 0);
    EXPECT_GT(stats().cpu_nanoseconds, before.cpu_nanoseconds);
}

TEST_F(Cgroups, KillWhatIsOverItsMemory) {
    config_.resources.memory_limit = 32 << 20;
    config_.resources.memory_swap = 32 << 20;
    start();
    EXPECT_EQ(exec("/bin/busybox tail -c 200m /dev/zero").status, 137);
    EXPECT_GE(stats().oom_kills, 1u);
    EXPECT_EQ(exec("exit 3").status, 3) << "the container's own process is not hit";
}

TEST_F(Cgroups, RefuseMoreProcessesThanAllowed) {
    config_.resources.pids_limit = 5;
    start();
    const auto done = exec("for i in 1 2 3 4 5 6 7 8; do /bin/busybox sleep 1 & done; wait");
    EXPECT_NE(done.err.find("fork"), std::string::npos) << done.err;
}

TEST_F(Cgroups, FreezeAndThaw) {
    config_.process.args = {"/bin/sh", "-c", "while :; do echo x >> /count; /bin/busybox usleep 10000; done"};
    start();
    const auto count = [] {
        struct stat info {};
        return ::stat("/tmp/b/rootfs/count", &info) == 0 ? info.st_size : 0;
    };
    ASSERT_TRUE(until([&] { return count() > 0; }));
    ASSERT_EQ(command({"pause", "c"}).status, 0);
    const auto frozen = count();
    ::usleep(300'000);
    EXPECT_EQ(count(), frozen);
    ASSERT_EQ(command({"resume", "c"}).status, 0);
    EXPECT_TRUE(until([&] { return count() > frozen; }));
    ASSERT_EQ(command({"pause", "c"}).status, 0);
    EXPECT_EQ(command({"delete", "--force", "c"}).status, 0) << "the frozen can be killed";
}

TEST_F(Cgroups, KillEveryProcess) {
    start();
    ASSERT_EQ(exec("for i in 1 2 3; do (/bin/busybox setsid /bin/busybox sleep 1000 &) ; done").status, 0);
    const auto alive = [&] { return runtime::Cgroup::open(CgroupLayout::host(), "/hoist-c").processes().size(); };
    ASSERT_TRUE(until([&] { return alive() == 4; })) << alive();
    ASSERT_EQ(command({"kill", "--all", "c", "KILL"}).status, 0);
    EXPECT_TRUE(until([&] {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        return alive() == 0;
    })) << alive();
}

TEST_F(Cgroups, HoldDevicesBack) {
    start();
    EXPECT_EQ(exec("echo x > /dev/null && /bin/busybox head -c 1 /dev/zero > /dev/null").status, 0);
    EXPECT_EQ(exec("/bin/busybox mknod /dev/raw c 1 1").status, 0) << "making one is allowed";
    const auto done = exec("/bin/busybox head -c 1 /dev/raw");
    EXPECT_NE(done.err.find("not permitted"), std::string::npos) << done.status << done.out << done.err;
}

TEST_F(Cgroups, TakeRawKeysOnV2) {
    if (!is_v2()) GTEST_SKIP() << "linux.resources.unified is for v2";
    config_.resources.unified = {{"memory.high", "16777216"}, {"pids.max", "7"}};
    start();
    EXPECT_EQ(control("/hoist-c", "", "", "memory.high"), "16777216");
    EXPECT_EQ(control("/hoist-c", "", "", "pids.max"), "7");
    command({"delete", "-f", "c"});
    for (const char* key : {"memory.nonsense", "../cgroup.procs", "nocontroller"}) {
        config_.resources.unified = {{key, "1"}};
        write_file_atomic("/tmp/b/config.json", to_json(config_).dump(), 0644, Durable::no);
        EXPECT_NE(command({"run", "-d", "-b", "/tmp/b", "c"}).status, 0) << key;
    }
}

// The engine above it.

class EngineCgroups : public testing::Test {
protected:
    EngineHost host;
    orchestrator::Engine& engine = *host.engine;
    orchestrator::ContainerSpec spec{.network_mode = "none"};
    void TearDown() override {
        for (const auto& view : engine.list()) host.wait(engine.remove(view.id, true, true));
        EXPECT_EQ(host.audit(), "");
    }
};

TEST_F(EngineCgroups, TellsOfMemoryKills) {
    spec.resources.memory = 32 << 20;
    const auto id = host.create("tail -c 200m /dev/zero", "", spec);
    host.wait(engine.start(id));
    EXPECT_EQ(host.wait(engine.wait(id, orchestrator::WaitFor::not_running)).code, 137);
    const auto view = engine.view(id);
    EXPECT_TRUE(std::get<orchestrator::Exited>(view.state).last.oom_killed);
}

TEST_F(EngineCgroups, StopsKillsAndStartsAnew) {
    const auto id = host.create("sleep 1000", "", spec);
    host.wait(engine.start(id));
    host.wait(engine.stop(id, std::chrono::seconds(0)));
    host.wait(engine.start(id));
    host.wait(engine.kill(id, 9));
    EXPECT_EQ(host.wait(engine.wait(id, orchestrator::WaitFor::not_running)).code, 137);
    EXPECT_EQ(host.run("exit 7", spec), 7);
}

}  // namespace
}  // namespace hoist::test
