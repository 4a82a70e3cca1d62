// SPDX-License-Identifier: Apache-2.0
// pause, resume, update, events, and whose cgroup a container is in.
#include "tests/system/runtime_bundle.h"

namespace hoist::runtime::test {
namespace {

class RuntimeLimit : public RuntimeBundle {
protected:
    RuntimeLimit() { config_.cgroups_path = "/limits/c"; }

    static std::string limit(const std::string& controller, const std::string& file) {
        return std::string(trim(read_file("/sys/fs/cgroup/" + controller + "/limits/c/" + file)));
    }
    static Outcome update(std::vector<std::string> options, const std::string& input = "") {
        options.insert(options.begin(), "update");
        options.push_back("c");
        return command(std::move(options), input);
    }
};

TEST_F(RuntimeLimit, PausesAndResumes) {
    start_sleeper();
    const auto early = command({"resume", "c"});
    EXPECT_EQ(early.status, 1);
    EXPECT_NE(early.err.find("container not paused"), std::string::npos) << early.err;
    ASSERT_EQ(command({"pause", "c"}).status, 0);
    EXPECT_EQ(status_of(), "paused");
    EXPECT_EQ(command({"pause", "c"}).status, 0) << "as it is already";
    ASSERT_EQ(command({"resume", "c"}).status, 0);
    EXPECT_EQ(status_of(), "running");
    ASSERT_EQ(command({"kill", "c", "KILL"}).status, 0);
    ASSERT_TRUE(becomes("stopped"));
    for (const char* name : {"pause", "resume"}) {
        const auto late = command({name, "c"});
        EXPECT_EQ(late.status, 1) << name;
        EXPECT_NE(late.err.find("container not running"), std::string::npos) << late.err;
    }
}

struct UpdateCase {
    std::vector<std::string> options;
    const char *controller, *file, *want;
};

TEST_F(RuntimeLimit, UpdatesEachLimit) {
    start_sleeper();
    const std::string all_memory = read_file("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    const std::string unlimited(trim(all_memory));
    const UpdateCase cases[] = {
        {{"--memory", "67108864"}, "memory", "memory.limit_in_bytes", "67108864"},
        {{"--memory=50M"}, "memory", "memory.limit_in_bytes", "52428800"},
        {{"--memory-reservation", "32m"}, "memory", "memory.soft_limit_in_bytes", "33554432"},
        {{"--memory", "-1"}, "memory", "memory.limit_in_bytes", unlimited.c_str()},
        {{"--cpu-share", "200"}, "cpu", "cpu.shares", "200"},
        {{"--cpu-period", "900000", "--cpu-quota", "600000"}, "cpu", "cpu.cfs_quota_us", "600000"},
        {{"--cpu-quota", "500000"}, "cpu", "cpu.cfs_quota_us", "500000"},
        {{"--cpu-quota=-1"}, "cpu", "cpu.cfs_quota_us", "-1"},
        {{"--cpu-period", "100000"}, "cpu", "cpu.cfs_period_us", "100000"},
        {{"--cpuset-cpus", "0"}, "cpuset", "cpuset.cpus", "0"},
        {{"--cpuset-mems", "0"}, "cpuset", "cpuset.mems", "0"},
        {{"--pids-limit", "10"}, "pids", "pids.max", "10"},
        {{"--pids-limit", "-1"}, "pids", "pids.max", "max"},
    };
    for (const auto& one : cases) {
        const auto done = update(one.options);
        EXPECT_EQ(done.status, 0) << one.file << done.err;
        EXPECT_EQ(limit(one.controller, one.file), one.want) << one.options[0];
    }
    EXPECT_EQ(command({"update", "c", "--pids-limit", "11"}).status, 0) << "also behind the id";
    EXPECT_EQ(limit("pids", "pids.max"), "11");
}

TEST_F(RuntimeLimit, UpdatesFromJson) {
    start_sleeper();
    const char* text =
        R"({"memory":{"limit":33554432},"cpu":{"shares":100,"quota":500000,"period":1000000},"pids":{"limit":20}})";
    ASSERT_EQ(update({"-r", "-"}, text).status, 0);
    EXPECT_EQ(limit("memory", "memory.limit_in_bytes"), "33554432");
    EXPECT_EQ(limit("cpu", "cpu.cfs_period_us"), "1000000");
    write_file_atomic("/tmp/b/limits.json", R"({"pids":{"limit":30},"devices":[{"allow":true,"access":"rwm"}]})", 0644,
                      Durable::no);
    const std::string devices = limit("devices", "devices.list");
    ASSERT_EQ(update({"--resources=/tmp/b/limits.json", "--pids-limit", "99"}).status, 0);
    EXPECT_EQ(limit("pids", "pids.max"), "30") << "the file is all that counts";
    EXPECT_EQ(limit("devices", "devices.list"), devices) << "devices are not a limit to update";
}

TEST_F(RuntimeLimit, RefusesLimitsThatAreNone) {
    start_sleeper();
    const std::vector<std::string> cases[] = {
        {"--memory", "much"},    {"--cpu-share", "-1"},       {"--cpu-quota", "x"},
        {"--pids-limit", "1.5"}, {"--blkio-weight", "5"},     {"--blkio-weight", "99999"},
        {"--cpu-period", ""},    {"--l3-cache-schema", "L3"}, {"--mem-bw-schema", "MB"}};
    for (const auto& options : cases) {
        const auto done = update(options);
        EXPECT_EQ(done.status, 1) << options[0];
        EXPECT_NE(done.err.find("invalid value for " + options[0]), std::string::npos) << done.err;
    }
    EXPECT_EQ(update({"-r", "-"}, "{\"memory\":{\"limit\":\"x\"}}").status, 1);
    const auto old = update({"--kernel-memory", "1m"});
    EXPECT_EQ(old.status, 0);
    EXPECT_NE(old.err.find("warning: --kernel-memory is ignored"), std::string::npos) << old.err;
}

TEST_F(RuntimeLimit, MeasuresOnce) {
    config_.resources.memory_limit = 64 << 20;
    config_.resources.pids_limit = 50;
    start_sleeper();
    const std::string text = command({"events", "--stats", "c"}).out;
    EXPECT_EQ(text.rfind("{\"type\":\"stats\",\"id\":\"c\",\"data\":{", 0), 0u) << text;
    const Json data = Json::parse(text)["data"];
    EXPECT_GT(data["cpu"]["usage"]["total"], 0);
    EXPECT_GT(data["memory"]["usage"]["usage"], 0);
    EXPECT_EQ(data["memory"]["usage"]["limit"], 64 << 20);
    EXPECT_GT(data["memory"]["raw"].size(), 5u);
    EXPECT_EQ(data["pids"]["current"], 1);
    EXPECT_EQ(data["pids"]["limit"], 50);
    EXPECT_EQ(command({"events", "--interval", "0s", "c"}).status, 1);
}

TEST_F(RuntimeLimit, TellsOfEventsUntilTheEnd) {
    config_.resources.memory_limit = 16 << 20;
    start_sleeper();
    const auto done =
        hoist::test::run({"sh", "-c",
                          program() + " --root /run/rt events --interval 50ms c & " + program() +
                              " --root /run/rt exec c sh -c 'tail -c 100m /dev/zero' 2>/dev/null; sleep 0.3; " +
                              program() + " --root /run/rt kill c KILL; wait"});
    const auto lines = split(done.out, '\n');
    EXPECT_GE(std::count_if(lines.begin(), lines.end(),
                            [](const std::string& l) { return l.find("\"type\":\"stats\"") != std::string::npos; }),
              3);
    EXPECT_NE(std::find(lines.begin(), lines.end(), "{\"type\":\"oom\",\"id\":\"c\"}"), lines.end()) << done.out;
}

TEST_F(RuntimeLimit, IsInTheNamedCgroupEverywhere) {
    start_sleeper();
    const std::string pid = state_of()["pid"].dump();
    EXPECT_EQ(sh("grep -v ':/limits/c$' /proc/" + pid + "/cgroup || true"), "");
    ASSERT_EQ(command({"delete", "-f", "c"}).status, 0);
    EXPECT_EQ(sh("ls -d /sys/fs/cgroup/*/limits/c 2>/dev/null || true"), "");
}

TEST_F(RuntimeLimit, MayShareACgroupThatOthersAreIn) {
    start_sleeper("c");
    save_program({"/bin/sleep", "1000"});
    const auto second = command({"run", "-d", "-b", "/tmp/b", "d"});
    EXPECT_EQ(second.status, 0);
    EXPECT_NE(second.err.find("container's cgroup is not empty"), std::string::npos) << second.err;
    ASSERT_EQ(command({"delete", "-f", "d"}).status, 0);
    EXPECT_EQ(status_of("c"), "running") << "the other one's end is not this one's";
    config_.process.args = {"/nope"};
    save();
    EXPECT_NE(command({"run", "-d", "-b", "/tmp/b", "d"}).status, 0);
    EXPECT_EQ(status_of("c"), "running") << "nor is a start that fails";
}

TEST_F(RuntimeLimit, RefusesACgroupThatIsFrozen) {
    sh("mkdir -p /sys/fs/cgroup/freezer/limits/c && echo FROZEN > /sys/fs/cgroup/freezer/limits/c/freezer.state");
    const auto done = shell("true");
    EXPECT_EQ(done.status, 1) << "it would wait for ever";
    EXPECT_NE(done.err.find("container's cgroup unexpectedly frozen"), std::string::npos) << done.err;
    sh("rmdir /sys/fs/cgroup/freezer/limits/c");
    EXPECT_EQ(shell("true").status, 0);
}

TEST_F(RuntimeLimit, ReplacesAnEmptyCgroup) {
    sh("mkdir -p /sys/fs/cgroup/pids/limits/c && echo 1 > /sys/fs/cgroup/pids/limits/c/pids.max");
    EXPECT_EQ(shell("cat /sys/fs/cgroup/pids/pids.max").out, "max\n") << "an old limit shows through";
}

TEST_F(RuntimeLimit, GoesWithoutACgroup) {
    config_.cgroups_path.clear();
    save_program({"/bin/sleep", "1000"});
    const auto made = command({"--cgroup-manager=disabled", "run", "-d", "-b", "/tmp/b", "c"});
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(status_of(), "running");
    EXPECT_EQ(sh("cat /proc/self/cgroup"), sh("cat /proc/" + state_of()["pid"].dump() + "/cgroup"))
        << "it stays in the caller's";
    EXPECT_EQ(exec("echo in").out, "in\n");
    for (const char* name : {"pause", "events", "ps"}) {
        const auto done = command({name, "c"});
        EXPECT_EQ(done.status, 1) << name;
        EXPECT_NE(done.err.find("has no cgroup of its own"), std::string::npos) << done.err;
    }
    EXPECT_EQ(command({"delete", "-f", "c"}).status, 0);
}

TEST_F(RuntimeLimit, SaysThatNoBusAnswers) {
    config_.cgroups_path = "system.slice:hoist:c";
    save_program({"/bin/true"});
    for (const char* option : {"--systemd-cgroup", "--cgroup-manager=systemd"}) {
        const auto done = command({option, "run", "-b", "/tmp/b", "c"});
        EXPECT_EQ(done.status, 1);
        EXPECT_NE(done.err.find("no system bus answers: connect to /run/dbus/system_bus_socket"), std::string::npos)
            << done.err;
        EXPECT_EQ(command({"list", "-q"}).out, "");
    }
    config_.cgroups_path = "/not/of/that/form";
    save();
    const auto form = command({"--systemd-cgroup", "run", "-b", "/tmp/b", "c"});
    EXPECT_NE(form.err.find("slice:prefix:name"), std::string::npos) << form.err;
}

}  // namespace
}  // namespace hoist::runtime::test
