// SPDX-License-Identifier: Apache-2.0
// Further processes in a container.
#include "base/text.h"
#include "tests/system/monitor_fixture.h"

namespace hoist::runtime {
namespace {

TEST_F(Monitor, RunsFurtherProcesses) {
    launch({"sleep", "100"});
    start();
    EXPECT_EQ(exec({"echo", "hello"}, "e1"), "hello\n|0");
    EXPECT_EQ(exec({"sh", "-c", "cat /proc/self/oom_score_adj; ls /proc/self/fd; exit 7"}, "e2"), "0\n0\n1\n2\n3\n|7");
    EXPECT_EQ(exec({"sh", "-c", "kill -9 $$"}, "e3"), "|137");
    EXPECT_NE(exec({"no-such-program"}, "e4").find("executable file not found"), std::string::npos);
    EXPECT_EQ(exec({"readlink", "/proc/self/ns/pid"}, "e5"), exec({"readlink", "/proc/1/ns/pid"}, "e6"));
}

TEST_F(Monitor, GivesAnExecATerminal) {
    launch({"sleep", "100"});
    start();
    Process process = spec_.config.process;
    process.terminal = true;
    process.args = {"sh", "-c", "stty size; read line; echo got $line"};
    process.console_rows = 33;
    process.console_columns = 99;
    const Message answer = request({{"op", "exec"}, {"exec", "tty"}, {"process", to_json(process)}});
    ASSERT_EQ(answer.fds.size(), 1u) << answer.body;
    write_all(answer.fds[0], "typed\n", "terminal");
    std::string text;
    char bytes[200];
    for (ssize_t got; (got = ::read(answer.fds[0].get(), bytes, sizeof(bytes))) > 0;) text.append(bytes, got);
    EXPECT_NE(text.find("33 99"), std::string::npos) << text;
    EXPECT_NE(text.find("got typed"), std::string::npos) << text;
    EXPECT_EQ(expect_event("exec_exit").body["code"], 0);
}

TEST_F(Monitor, ExecExitsThatNobodyHeardAreInTheNextGreeting) {
    launch({"sleep", "100"});
    start();
    Process process = spec_.config.process;
    process.args = {"sh", "-c", "sleep 0.2; exit 5"};
    const Fd null = open_file("/dev/null", O_RDWR);
    request({{"op", "exec"}, {"exec", "lonely"}, {"process", to_json(process)}}, {null.get(), null.get(), null.get()});
    socket_.reset();
    std::this_thread::sleep_for(500ms);
    const Message hello = connect();
    EXPECT_EQ(hello.body["exec_exits"], Json::array({{{"exec", "lonely"}, {"code", 5}}}));
    EXPECT_EQ(hello.body["execs"], Json::array());
}

/// Children of a process that have ended and were not waited for.
std::string zombies_of(pid_t parent) {
    return test::sh(fmt::format("cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | grep '^Z {} ' || true", parent));
}

TEST_F(Monitor, WhatAnExecLeavesBehindBecomesNoZombieOfOurs) {  // REL-45
    launch({"sleep", "1000"});  // which waits for no child
    start();
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(exec({"sh", "-c", "(sh -c 'sleep 0.1; exit 3' >/dev/null 2>&1 &) ; exit 4"}, fmt::format("e{}", i)),
                  "|4");
    const auto late = Clock::now() + 20s;
    while (test::run({"sh", "-c", "pgrep -x sleep -a | grep -q 'sleep 0.1'"}).status == 0 && Clock::now() < late)
        std::this_thread::sleep_for(20ms);
    EXPECT_EQ(zombies_of(monitor_.pid), "");
    request({{"op", "signal"}, {"signal", SIGKILL}});
    expect_event("exit");
    EXPECT_EQ(zombies_of(monitor_.pid), "");
}

TEST_F(Monitor, AnExecAtTheLimitOfProcessesFailsAndTheContainerRunsOn) {  // REL-24
    spec_.config.resources.pids_limit = 2;
    launch({"sh", "-c", "sleep 1000; true"});
    start();
    const auto late = Clock::now() + 20s;
    while (pids_file("pids.current") != "2\n" && Clock::now() < late) std::this_thread::sleep_for(20ms);
    EXPECT_NE(exec({"true"}, "e").find("limit of processes"), std::string::npos) << exec({"true"}, "again");
    request({{"op", "update"}, {"resources", {{"pids", {{"limit", 100}}}}}});
    EXPECT_EQ(exec({"true"}, "e"), "|0");
}

TEST_F(Monitor, ManyExecsAtOnceKeepTheirOutputsAndCodesApart) {
    launch({"sleep", "1000"});
    start();
    constexpr int count = 20;
    std::vector<Fd> outputs;
    const Fd null = open_file("/dev/null", O_RDWR);
    for (int i = 0; i < count; ++i) {
        Pipe out = make_pipe();
        Process process = spec_.config.process;
        process.args = {"sh", "-c", fmt::format("sleep 0.1; echo number {}; exit {}", i, i)};
        const Message answer =
            request({{"op", "exec"}, {"exec", fmt::format("e{}", i)}, {"process", to_json(process)}},
                    {null.get(), out.write_end.get(), null.get()});
        EXPECT_FALSE(answer.body.contains("error")) << answer.body;
        outputs.push_back(std::move(out.read_end));
    }
    for (int i = 0; i < count; ++i) EXPECT_EQ(read_all(outputs[i]), fmt::format("number {}\n", i));
    std::map<std::string, int> codes;
    for (int i = 0; i < count; ++i) {
        const Message ended = expect_event("exec_exit");
        codes[ended.body["exec"]] = ended.body["code"];
    }
    for (int i = 0; i < count; ++i) EXPECT_EQ(codes[fmt::format("e{}", i)], i);
}

struct Footprint {
    long kib = 0, fds = 0;
};
/// Dirty pages only: clean ones are the program's file, which all monitors share.
Footprint footprint(pid_t pid) {
    Footprint found;
    for (const auto& line : split(read_file(fmt::format("/proc/{}/smaps_rollup", pid)), '\n'))
        if (line.starts_with("Private_Dirty:")) found.kib += std::stol(line.substr(line.find(':') + 1));
    found.fds = std::stol(test::sh(fmt::format("ls /proc/{}/fd | wc -l", pid)));
    return found;
}

TEST_F(Monitor, AThousandExecsLeaveItAsItWas) {
    launch({"sleep", "1000"});
    start();
    ::printf("monitor, idle: %ld KiB private\n", footprint(monitor_.pid).kib);
    for (int i = 0; i < 20; ++i) exec({"true"}, fmt::format("warm{}", i));
    std::this_thread::sleep_for(50ms);
    const Footprint before = footprint(monitor_.pid);
    const auto began = Clock::now();
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(exec({"true"}, fmt::format("e{}", i)), "|0");
    ::printf("exec of true: %.2f ms\n", std::chrono::duration<double, std::milli>(Clock::now() - began).count() / 1000);
    std::this_thread::sleep_for(50ms);
    const Footprint after = footprint(monitor_.pid);
    ::printf("monitor, after 1000 execs: %ld KiB private (%ld before)\n", after.kib, before.kib);
    EXPECT_EQ(after.fds, before.fds);
#ifndef __SANITIZE_ADDRESS__  // which keeps what is freed, to find who uses it
    EXPECT_LE(after.kib, before.kib + 16);
    EXPECT_LE(after.kib, 250);
#endif
}

}  // namespace
}  // namespace hoist::runtime
