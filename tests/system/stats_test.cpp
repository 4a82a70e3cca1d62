// SPDX-License-Identifier: Apache-2.0
// What containers use and which processes they have: stats and top.
#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

const std::string program = PROGRAM_DIR "/hoist";

class Stats : public testing::Test {
protected:
    void SetUp() override { import_busybox(); }
    void TearDown() override { sh(program + " ps -a -q | xargs -r " + program + " rm -f"); }
    static Json get(const std::string& target) {
        return parse_json(sh("curl -s --unix-socket /run/hoist/hoist.sock 'http://x" + target + "'"), "answer");
    }
};

TEST_F(Stats, MeasuresProcessorMemoryAndPids) {
    hoist_ok({"run", "-d", "--name", "busy", "--network", "none", "-m", "64m", "--pids-limit", "30", "busybox", "sh",
              "-c", "head -c 20m /dev/zero > /dev/shm/kept; while :; do :; done"});
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const Json one = get("/containers/busy/stats?stream=false");
    EXPECT_EQ(one["name"], "/busy");
    const auto used = one["cpu_stats"]["cpu_usage"].value("total_usage", 0.0) -
                      one["precpu_stats"]["cpu_usage"].value("total_usage", 0.0);
    EXPECT_GT(used, 0.2e9);
    EXPECT_LT(used, 3e9);
    EXPECT_GT(one["cpu_stats"].value("system_cpu_usage", 0.0), one["precpu_stats"].value("system_cpu_usage", 0.0));
    EXPECT_EQ(one["memory_stats"].value("limit", 0), 64 << 20);
    EXPECT_GT(one["memory_stats"].value("usage", 0), 20 << 20);
    EXPECT_EQ(one["pids_stats"].value("current", 0), 1);
    EXPECT_EQ(one["pids_stats"].value("limit", 0), 30);
    const Json shot = get("/containers/busy/stats?stream=false&one-shot=1");
    EXPECT_EQ(shot["preread"], "0001-01-01T00:00:00Z");

    const auto lines = split(trim(hoist_ok({"stats", "--no-stream", "--format", "json"})), '\n');
    ASSERT_EQ(lines.size(), 1u);
    const Json line = parse_json(lines[0], "stats");
    EXPECT_EQ(line["Name"], "busy");
    EXPECT_GT(std::stod(line.value("CPUPerc", "")), 20);
    EXPECT_NE(line.value("MemUsage", "").find("/ 64MiB"), std::string::npos) << line;
    EXPECT_NE(hoist_ok({"stats", "--no-stream", "busy"}).find("CONTAINER ID   NAME   CPU %"), std::string::npos);
}

TEST_F(Stats, CountsWhatPassesItsNetwork) {
    hoist_ok({"network", "create", "statnet"});
    hoist_ok({"run", "-d", "--name", "server", "--network", "statnet", "busybox", "nc", "-ll", "-p", "9", "-e", "cat"});
    hoist_ok({"run", "-d", "--name", "client", "--network", "statnet", "busybox", "sh", "-c",
              "sleep 0.3; head -c 1000000 /dev/zero | nc -w 1 server 9 > /dev/null; sleep 1000"});
    EXPECT_TRUE(eventually(
        [] {
            const Json networks = get("/containers/client/stats?stream=false&one-shot=1").value("networks", Json());
            return networks.contains("eth0") && networks["eth0"].value("tx_bytes", 0) > 1000000 &&
                   networks["eth0"].value("rx_bytes", 0) > 900000;
        },
        15));
    hoist_ok({"run", "-d", "--name", "hosted", "--network", "host", "busybox", "sleep", "1000"});
    EXPECT_FALSE(get("/containers/hosted/stats?stream=false&one-shot=1").contains("networks"));
    sh(program + " rm -f server client hosted; " + program + " network rm statnet");
}

TEST_F(Stats, AStreamBringsOneASecondAndAStoppedContainerZeros) {
    hoist_ok({"run", "-d", "--name", "idle", "--network", "none", "busybox", "sleep", "1000"});
    const auto text =
        sh("timeout 2.6 curl -sN --unix-socket /run/hoist/hoist.sock http://x/containers/idle/stats; true");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
    hoist_ok({"kill", "idle"});
    const Json stopped = get("/containers/idle/stats?stream=false");
    EXPECT_EQ(stopped["memory_stats"], Json::object());
    EXPECT_EQ(stopped["cpu_stats"]["cpu_usage"].value("total_usage", -1), 0);
    EXPECT_NE(hoist_ok({"stats", "--no-stream", "-a", "idle"}).find("0B / 0B"), std::string::npos);
}

TEST_F(Stats, NobodyAskingMeansNothingMeasured) {
    hoist_ok({"run", "-d", "--name", "idle", "--network", "none", "busybox", "sleep", "1000"});
    run({"sh", "-c", "timeout 1.5 " + program + " stats"});
    const auto calls = [](int pid) {
        run({"sh", "-c", fmt::format("timeout 3 strace -f -qq -o /tmp/quiet -p {}", pid)});
        // Without what each thread was waiting in already.
        return std::stoi(sh("grep -vc 'unfinished\\|detached' /tmp/quiet; true"));
    };
    // Once what it did last is over: the stream's end is noticed, memory is given back.
    EXPECT_TRUE(eventually([&] { return calls(daemon_pid()) <= 2; }, 60)) << read_file("/tmp/quiet");
    const auto monitor = std::stoi(sh("grep -lz '^monitor' /proc/[0-9]*/cmdline | cut -d/ -f3 | head -1"));
    EXPECT_LE(calls(monitor), 2) << read_file("/tmp/quiet");
}

TEST_F(Stats, TopShowsItsProcessesAsPsDoes) {
    hoist_ok({"run", "-d", "--name", "box", "--network", "none", "-u", "33", "busybox", "sh", "-c",
              "sleep 777 & sleep 888"});
    const auto table = hoist_ok({"top", "box"});
    std::string titles;
    for (const auto& word : split(split(table, '\n').front(), ' ')) titles += word.empty() ? "" : word + " ";
    EXPECT_EQ(titles, "UID PID PPID C STIME TTY TIME CMD ");
    EXPECT_NE(table.find("sleep 777"), std::string::npos);
    EXPECT_NE(table.find("sleep 888"), std::string::npos);
    EXPECT_NE(table.find("www-data"), std::string::npos);
    const auto columns = hoist_ok({"top", "box", "-o", "pid,args"});
    EXPECT_NE(columns.find(std::to_string(pid_of("box")) + "   sleep 888"), std::string::npos) << columns;
    const Json raw = get("/containers/box/top?ps_args=aux");
    EXPECT_EQ(raw["Titles"][0], "USER");
    EXPECT_EQ(raw["Processes"].size(), 2u);
    EXPECT_NE(hoist({"top", "box", "-o", "colour"}).err.find("no column 'colour'"), std::string::npos);
    hoist_ok({"kill", "box"});
    EXPECT_NE(hoist({"top", "box"}).err.find("not running"), std::string::npos);
}

}  // namespace
}  // namespace hoist::test
