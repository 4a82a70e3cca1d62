// SPDX-License-Identifier: Apache-2.0
// What a monitor keeps and tells of its container, and what can be changed while it runs.
#include <sys/stat.h>

#include "tests/system/monitor_fixture.h"

namespace hoist::runtime {
namespace {

TEST_F(Monitor, ARestartKeepsTheNetworkNamespace) {
    launch({"sh", "-c", "readlink /proc/self/ns/net"});
    const pid_t child = ::fork();
    if (child == 0) {
        ::unshare(CLONE_NEWNET);
        ::raise(SIGSTOP);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, WUNTRACED);
    const Fd netns = open_file(fmt::format("/proc/{}/ns/net", child), O_RDONLY);
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    struct stat info {};
    ::fstat(netns.get(), &info);
    EXPECT_FALSE(request({{"op", "keep"}, {"names", {"netns"}}}, {netns.get()}).body.contains("error"));
    for (int run = 1; run <= 2; ++run) {
        start();
        EXPECT_EQ(expect_event("exit").body["run"], run);
    }
    const std::string name = fmt::format("net:[{}]\n", info.st_ino);
    EXPECT_EQ(log_text(), name + name);
}

TEST_F(Monitor, ANewConnectionLearnsTheStateAndGetsTheKeptDescriptors) {
    launch({"sleep", "100"});
    const Pipe one = make_pipe(), two = make_pipe();
    request({{"op", "keep"}, {"names", {"netns-not", "dns_udp"}}}, {one.read_end.get(), two.read_end.get()});
    const Message started = start();
    request({{"op", "keep"}, {"names", {"third"}}}, {two.write_end.get()});
    request({{"op", "drop"}, {"names", {"netns-not"}}});
    socket_.reset();
    const Message hello = connect();
    EXPECT_EQ(hello.body["state"], "running");
    EXPECT_EQ(hello.body["pid"], started.body["pid"]);
    EXPECT_EQ(hello.body["started_at"], started.body["started_at"]);
    EXPECT_EQ(hello.body["runs"], 1);
    EXPECT_EQ(hello.body["kept"], (Json{"dns_udp", "third"}));
    ASSERT_EQ(hello.fds.size(), 3u);
    struct stat theirs {
    }, ours{};
    ::fstat(hello.fds[1].get(), &theirs);
    ::fstat(two.read_end.get(), &ours);
    EXPECT_EQ(theirs.st_ino, ours.st_ino);
    request({{"op", "signal"}, {"signal", 9}});
    expect_event("exit");
    connect_again();
}

TEST_F(Monitor, PausesAndKillsThePaused) {
    launch({"sleep", "100"});
    start();
    request({{"op", "pause"}});
    EXPECT_NE(exec({"true"}, "e").find("paused"), std::string::npos);
    socket_.reset();
    EXPECT_EQ(connect().body["paused"], true);
    request({{"op", "unpause"}});
    EXPECT_EQ(exec({"true"}, "e2"), "|0");
    request({{"op", "pause"}});
    request({{"op", "signal"}, {"signal", 9}});
    EXPECT_EQ(expect_event("exit").body["code"], 137);
}

TEST_F(Monitor, UpdatesLimits) {
    spec_.config.resources.pids_limit = 100;
    launch({"sleep", "100"});
    start();
    const Message answer = request({{"op", "update"}, {"resources", {{"pids", {{"limit", 55}}}}}});
    EXPECT_FALSE(answer.body.contains("error")) << answer.body;
    EXPECT_EQ(pids_file("pids.max"), "55\n");
}

TEST_F(Monitor, BadRequestsAreAnsweredAndDoNoHarm) {
    launch({"sleep", "100"});
    EXPECT_EQ(request({{"op", "fly"}}).body["error"]["kind"], "invalid");
    EXPECT_EQ(request({{"op", "exec"}, {"exec", "x"}}).body["error"]["kind"], "conflict");
    EXPECT_EQ(request({{"op", "keep"}, {"names", {"a", "b"}}}).body["error"]["kind"], "invalid");
    EXPECT_EQ(request({{"op", "attach"}}).body["error"]["kind"], "invalid");
    EXPECT_EQ(request({{"op", "signal"}, {"signal", "x"}}).body["error"]["kind"], "conflict");
    start();
    EXPECT_EQ(request({{"op", "start"}}).body["error"]["kind"], "conflict");
    EXPECT_EQ(request({{"op", "signal"}, {"signal", "x"}}).body["error"]["kind"], "invalid");
    EXPECT_EQ(request({{"op", "signal"}, {"signal", 99}}).body["error"]["kind"], "invalid");
    EXPECT_EQ(request({{"op", "resize"}, {"rows", 1}, {"columns", 1}}).body["error"]["kind"], "conflict");
    ::send(socket_.get(), "not json", 8, 0);
    EXPECT_THROW(receive(), Error);
    EXPECT_EQ(connect().body["state"], "running");
}

TEST_F(Monitor, ThereIsNeverASecondOne) {
    launch({"sleep", "100"});
    const LaunchedMonitor second = launch_monitor(program, run_);
    pollfd wait{second.socket.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 10000), 1);
    const Message failed = *receive_message(second.socket);
    EXPECT_EQ(failed.body["event"], "failed");
    EXPECT_EQ(failed.body["error"]["kind"], "conflict");
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(second.pidfd.get()), &info, WEXITED);
    connect_again();
}

TEST_F(Monitor, IgnoresSignalsThatAreForTheDaemon) {
    launch({"sh", "-c", "sh -c 'kill -PIPE $$'; exit $?"});
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGQUIT}) ::kill(monitor_.pid, number);
    start();
    EXPECT_EQ(expect_event("exit").body["code"], 128 + SIGPIPE);  // the container has not inherited that
}

TEST_F(Monitor, LongPathsAndLongMessagesWork) {
    run_ += "/" + std::string(150, 'r');
    make_directories(run_, 0700);
    launch({"sleep", "100"});
    start();
    connect_again();
    std::vector<std::string> args{"sh", "-c", "echo $#"};
    for (int i = 0; i < 2000; ++i) args.push_back(std::string(60, 'a'));
    EXPECT_EQ(exec(args, "long"), "1999\n|0");
}

TEST_F(Monitor, WhatAStartCosts) {
    const auto began = Clock::now();
    launch({"true"});
    const auto launched = Clock::now();
    std::vector<double> starts;
    for (int i = 0; i < 30; ++i) {
        const auto before = Clock::now();
        start();
        starts.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
        expect_event("exit");
    }
    std::sort(starts.begin(), starts.end());
    ::printf("launch to greeting: %.2f ms; start request, median: %.2f ms\n",
             std::chrono::duration<double, std::milli>(launched - began).count(), starts[15]);
}

}  // namespace
}  // namespace hoist::runtime
