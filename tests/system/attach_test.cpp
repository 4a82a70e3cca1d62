// SPDX-License-Identifier: Apache-2.0
// Joining containers and execs from a terminal and without one: attach, detach keys, sizes, signals.
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"
#include "tests/support/pty_command.h"

namespace hoist::test {
namespace {

const std::string program = PROGRAM_DIR "/hoist";
const std::string leave = "\x10\x11";  // ctrl-p ctrl-q

class Attach : public testing::Test {
protected:
    void SetUp() override { import_busybox(); }
    void TearDown() override {
        sh(program + " ps -a -q | xargs -r " + program + " rm -f");
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
    }
    static std::string events_of(const std::string& name) {
        return hoist_ok({"events", "--since", "1h", "--until", "0s", "--filter", "container=" + name});
    }
};

TEST_F(Attach, KeysLetGoOfATerminalAndItRunsOn) {
    PtyCommand run({program, "run", "-it", "--name", "tt", "--network", "none", "busybox", "sh"});
    run.type("echo $((6*7))\n");
    EXPECT_NE(run.read_until("42\r\n").find("42\r\n"), std::string::npos);
    run.type(leave);
    EXPECT_EQ(run.wait(), 0);
    EXPECT_EQ(status_of("tt"), "running");

    PtyCommand again({program, "attach", "tt"});
    again.type("echo $((6*8))\n");
    EXPECT_NE(again.read_until("48\r\n").find("48\r\n"), std::string::npos);
    again.type(leave);
    EXPECT_EQ(again.wait(), 0);
    EXPECT_EQ(status_of("tt"), "running");
    EXPECT_NE(events_of("tt").find("detach"), std::string::npos);

    PtyCommand last({program, "attach", "--detach-keys", "ctrl-x,q", "tt"});
    last.type(leave);  // not these
    last.type("\x18q");
    EXPECT_EQ(last.wait(), 0);
    EXPECT_EQ(status_of("tt"), "running");

    PtyCommand end({program, "attach", "tt"});
    end.type("\nexit 7\n");
    EXPECT_EQ(end.wait(), 7);
    EXPECT_EQ(status_of("tt"), "exited");
}

TEST_F(Attach, AProgramSeesTheTerminalsSizeFromItsFirstInstructionOn) {
    PtyCommand run({program, "run", "-it", "--rm", "--network", "none", "busybox", "stty", "size"}, 33, 99);
    EXPECT_NE(run.read_until("33 99").find("33 99"), std::string::npos);
    EXPECT_EQ(run.wait(), 0);
    hoist_ok({"run", "-d", "--init", "--name", "box", "--network", "none", "busybox", "sleep", "1000"});
    for (const int columns : {101, 102, 103}) {
        PtyCommand exec({program, "exec", "-t", "box", "stty", "size"}, 41, columns);
        const auto want = fmt::format("41 {}", columns);
        EXPECT_NE(exec.read_until(want).find(want), std::string::npos);
        EXPECT_EQ(exec.wait(), 0);
    }
}

TEST_F(Attach, NonsenseForKeysIsRefused) {
    hoist_ok({"run", "-d", "-it", "--name", "tt", "--network", "none", "busybox", "sh"});
    PtyCommand attach({program, "attach", "--detach-keys", "ctrl-1", "tt"});
    EXPECT_NE(attach.read_until("neither").find("neither a character"), std::string::npos);
    EXPECT_NE(attach.wait(), 0);
}

TEST_F(Attach, SeveralClientsSeeTheSameAndOneMayType) {
    hoist_ok({"run", "-d", "-it", "--name", "tt", "--network", "none", "busybox", "sh"});
    PtyCommand first({program, "attach", "tt"}), second({program, "attach", "--no-stdin", "tt"});
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    first.type("echo $((5*5))\n");
    EXPECT_NE(first.read_until("25\r\n").find("25\r\n"), std::string::npos);
    EXPECT_NE(second.read_until("25\r").find("25\r"), std::string::npos);
    second.type("exit\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(status_of("tt"), "running") << "one without input types nothing";
    first.type("exit 3\n");
    EXPECT_EQ(first.wait(), 3);
    EXPECT_EQ(second.wait(), 3);
}

TEST_F(Attach, KeysLetGoOfAnExecAndItRunsOn) {
    hoist_ok({"run", "-d", "--init", "--name", "box", "--network", "none", "busybox", "sleep", "1000"});
    PtyCommand exec({program, "exec", "-it", "box", "sh", "-c",
                     "echo begun; read line; yes | head -n 200000; echo x > /done; sleep 1000"});
    EXPECT_NE(exec.read_until("begun").find("begun"), std::string::npos);
    exec.type("\n" + leave);
    EXPECT_EQ(exec.wait(), 0);
    EXPECT_TRUE(eventually(
        [] {
            return hoist({"exec", "-T", "box", "cat", "/done"}).out == "x\n";
        },
        20))
        << "what nobody reads any more must not hold it up";
    EXPECT_NE(events_of("box").find("exec_detach"), std::string::npos);
}

TEST_F(Attach, WithoutATerminalInputEndsAndSignalsPass) {
    EXPECT_EQ(sh("printf 'a\\nb\\n' | " + program + " run -i --rm --network none busybox cat"), "a\nb\n");
    hoist_ok({"create", "-i", "--name", "once", "--network", "none", "busybox", "sh", "-c",
              "cat; echo end of input; sleep 0.1; exit 4"});
    hoist_ok({"start", "once"});
    const auto done = run({"sh", "-c", "echo typed | " + program + " attach once"});
    EXPECT_EQ(done.out, "typed\nend of input\n");
    EXPECT_EQ(done.status, 4);
    hoist_ok({"run", "-d", "-i", "--name", "open", "--network", "none", "busybox", "cat"});
    EXPECT_EQ(sh("(echo more; sleep 0.5) | timeout 2 " + program + " attach --sig-proxy=false open; true"), "more\n");
    EXPECT_EQ(status_of("open"), "running") << "the end of one client's input is not the end of its";
    hoist_ok({"run", "-d", "--name", "signalled", "--network", "none", "busybox", "sh", "-c",
              "trap 'echo got INT; exit 5' INT; while :; do sleep 0.1; done"});
    const auto signalled = run({"sh", "-c", "timeout -s INT --preserve-status 1 " + program + " attach signalled"});
    EXPECT_EQ(signalled.out, "got INT\n");
    EXPECT_EQ(signalled.status, 5);
}

TEST_F(Attach, WhatCannotBeJoinedSaysSo) {
    hoist_ok({"create", "--name", "fresh", "--network", "none", "busybox", "sleep", "1000"});
    EXPECT_NE(hoist({"attach", "fresh"}).err.find("not running"), std::string::npos);
    hoist_ok({"start", "fresh"});
    hoist_ok({"pause", "fresh"});
    EXPECT_NE(hoist({"attach", "fresh"}).err.find("paused"), std::string::npos);
    EXPECT_NE(hoist({"attach", "nobody"}).err.find("o such container"), std::string::npos);
}

TEST_F(Attach, OneStreamCanBeAskedForAlone) {
    hoist_ok({"create", "--name", "both", "--network", "none", "busybox", "sh", "-c", "echo out; echo err >&2"});
    const std::string curl =
        "curl -sN --unix-socket /run/hoist/hoist.sock -X POST 'http://x/containers/both/attach?stream=1&";
    const auto text = sh("(" + curl + "stderr=1' > /tmp/only &) ; sleep 0.5; " + program +
                         " start both; sleep 1; tail -c +9 /tmp/only");
    EXPECT_NE(text.find("err\n"), std::string::npos);
    EXPECT_EQ(text.find("out\n"), std::string::npos);
}

TEST_F(Attach, DroppedClientsLeaveNothing) {  // SEC-58
    hoist_ok({"run", "-d", "-it", "--name", "tt", "--network", "none", "busybox", "sh", "-c",
              "while :; do echo x; sleep 0.01; done"});
    const auto count = [](int pid) { return std::stoi(sh(fmt::format("ls /proc/{}/fd | wc -l", pid))); };
    const int monitor = std::stoi(sh("grep -lz '^monitor' /proc/[0-9]*/cmdline | cut -d/ -f3 | head -1"));
    run({"sh", "-c", "timeout 0.2 " + program + " attach --no-stdin t"});
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const int before = count(monitor), daemon_before = count(daemon_pid());
    for (int i = 0; i < 50; ++i) run({"sh", "-c", "timeout -s KILL 0.05 " + program + " attach --no-stdin t"});
    EXPECT_TRUE(eventually([&] { return count(monitor) <= before; }, 5)) << count(monitor) << " after " << before;
    EXPECT_TRUE(eventually([&] { return count(daemon_pid()) <= daemon_before + 2; }, 5));
}

}  // namespace
}  // namespace hoist::test
