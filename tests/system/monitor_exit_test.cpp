// SPDX-License-Identifier: Apache-2.0
// How a container ends, and how that is recorded and told.
#include "tests/system/monitor_fixture.h"

namespace hoist::runtime {
namespace {

struct ExitCase {
    std::vector<std::string> args;
    int code, signal;
};
class MonitorExit : public Monitor, public testing::WithParamInterface<ExitCase> {};
TEST_P(MonitorExit, IsRecordedAndTold) {
    const Message hello = launch(GetParam().args);
    EXPECT_EQ(hello.body["event"], "hello");
    EXPECT_EQ(hello.body["state"], "created");
    const Message started = start();
    ASSERT_EQ(started.fds.size(), 1u);
    const Message exit = expect_event("exit");
    EXPECT_EQ(exit.body["run"], 1);
    EXPECT_EQ(exit.body["code"], GetParam().code);
    EXPECT_EQ(exit.body.value("signal", 0), GetParam().signal);
    EXPECT_EQ(exit.body["oom_killed"], false);
    const auto record = read_exit_record(state_);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->code, GetParam().code);
    EXPECT_EQ(record->signal, GetParam().signal);
    EXPECT_LE(record->started_at, record->finished_at);
    EXPECT_LT(now() - record->finished_at, 20s);
}
INSTANTIATE_TEST_SUITE_P(Codes, MonitorExit,
                         testing::Values(ExitCase{{"true"}, 0, 0}, ExitCase{{"sh", "-c", "exit 3"}, 3, 0},
                                         ExitCase{{"sh", "-c", "exit 137"}, 137, 0}));

TEST_F(Monitor, TellsASignalAsSuch) {
    launch({"sleep", "100"});
    start();
    request({{"op", "signal"}, {"signal", SIGKILL}});
    const Message exit = expect_event("exit");
    EXPECT_EQ(exit.body["code"], 137);
    EXPECT_EQ(exit.body["signal"], 9);
    EXPECT_EQ(exit.body["oom_killed"], false);
    EXPECT_EQ(request({{"op", "signal"}, {"signal", 15}}).body["error"]["kind"], "conflict");
}

TEST_F(Monitor, AKillFromOutsideIs137) {
    launch({"sleep", "100"});
    const Message started = start();
    ::kill(started.body["pid"], SIGKILL);
    EXPECT_EQ(expect_event("exit").body["code"], 137);
}

TEST_F(Monitor, TellsOfAMemoryLimitKill) {
    spec_.config.resources.memory_limit = 16 << 20;
    launch({"sh", "-c", "exec dd if=/dev/zero of=/dev/null bs=200M count=1"});
    start();
    expect_event("oom");
    Message exit = receive();
    while (exit.body["event"] == "oom") exit = receive();
    EXPECT_EQ(exit.body["code"], 137);
    EXPECT_EQ(exit.body["oom_killed"], true);
    write_spec({"sleep", "100"});
    start();
    request({{"op", "signal"}, {"signal", SIGKILL}});
    EXPECT_EQ(expect_event("exit").body["oom_killed"], false);
}

TEST_F(Monitor, AStartThatFailsSaysWhyAndCanBeRepeated) {
    launch({"no-such-program"});
    const Message answer = request({{"op", "start"}});
    EXPECT_NE(answer.body["error"]["message"].get<std::string>().find("executable file not found"), std::string::npos)
        << answer.body;
    EXPECT_EQ(read_exit_record(state_)->code, 127);
    EXPECT_NE(read_exit_record(state_)->error, "");
    connect_again();
    write_spec({"true"});
    start();
    EXPECT_EQ(expect_event("exit").body["code"], 0);
}

TEST_F(Monitor, AnExitThatNobodyHeardIsOnTheDisk) {
    launch({"sh", "-c", "sleep 0.3; exit 3"});
    start();
    socket_.reset();
    const auto late = Clock::now() + 10s;
    while (!read_exit_record(state_) && Clock::now() < late) std::this_thread::sleep_for(20ms);
    ASSERT_TRUE(read_exit_record(state_));
    EXPECT_EQ(read_exit_record(state_)->code, 3);
    const Message hello = connect();
    EXPECT_EQ(hello.body["state"], "exited");
    EXPECT_EQ(hello.body["exit"]["code"], 3);
    EXPECT_EQ(hello.body["exit"]["run"], 1);
}

TEST_F(Monitor, QuitLeavesNothing) {
    launch({"sh", "-c", "sleep 1000 & sleep 1000"});
    const Message started = start();
    const Message exit_or_answer = request({{"op", "quit"}});
    EXPECT_FALSE(exit_or_answer.body.contains("error")) << exit_or_answer.body;
    EXPECT_EQ(expect_event("exit").body["code"], 137);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(monitor_.pidfd.get()), &info, WEXITED), 0);
    EXPECT_EQ(info.si_status, 0);
    EXPECT_FALSE(cgroup_exists());
    EXPECT_EQ(test::run({"sh", "-c", "ls " + run_ + "/monitor.sock"}).status, 2);
    EXPECT_NE(::kill(started.body["pid"], 0), 0);
    EXPECT_THROW(connect_monitor(run_), Error);
    monitor_.pidfd.reset();
}

}  // namespace
}  // namespace hoist::runtime
