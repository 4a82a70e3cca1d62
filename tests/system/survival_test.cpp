// SPDX-License-Identifier: Apache-2.0
// What outlives the daemon, and what is known afterwards: REL-01, REL-06, REL-09, SEC-39.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <regex>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

class Survival : public testing::Test {
protected:
    void SetUp() override { import_busybox(); }
    void TearDown() override {
        sh(PROGRAM_DIR "/hoist ps -a -q | xargs -r " PROGRAM_DIR "/hoist rm -f");
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
    }
};

Fd connect_to(int port) {
    Fd fd(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const timeval limit{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "connect to port {}", port);
    return fd;
}

std::string echo(const Fd& connection, const std::string& text) {
    write_all(connection, text, "connection");
    char bytes[256];
    const ssize_t got = ::read(connection.get(), bytes, sizeof bytes);
    return std::string(bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

/// How many lines "N" a log has, if they count 1, 2, 3, ... without a gap; -1 with one.
long counted(const std::string& log) {
    long expected = 0;
    for (const auto& line : split(log, '\n'))
        if (!line.empty() && std::atol(line.c_str()) != ++expected) return -1;
    return expected;
}

TEST_F(Survival, KilledDaemonDisturbsNobody) {  // REL-01
    std::vector<std::string> names;
    for (int i = 0; i < 17; ++i) {
        names.push_back(fmt::format("idle{}", i));
        hoist_ok({"run", "-d", "--name", names.back(), "busybox", "sleep", "1000"});
    }
    hoist_ok({"run", "-d", "--name", "echo", "-p", "7007:7", "busybox", "nc", "-ll", "-p", "7", "-e", "cat"});
    hoist_ok({"run", "-d", "--name", "logger", "busybox", "sh", "-c",
              "i=0; while :; do i=$((i+1)); echo $i; usleep 1000; done"});
    hoist_ok({"run", "-d", "-t", "--name", "terminal", "busybox", "sh", "-c", "while :; do sleep 1; done"});
    names.insert(names.end(), {"echo", "logger", "terminal"});
    std::vector<int> pids;
    for (const auto& name : names) pids.push_back(pid_of(name));

    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // nc needs a moment to listen
    const Fd connection = connect_to(7007);
    ASSERT_EQ(echo(connection, "before\n"), "before\n");
    kill_daemon();
    EXPECT_EQ(echo(connection, "without\n"), "without\n");
    const Fd another = connect_to(7007);
    EXPECT_EQ(echo(another, "new\n"), "new\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));

    const auto start = std::chrono::steady_clock::now();
    hoist_ok({"ps"});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
    for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(pid_of(names[i]), pids[i]) << names[i];
    EXPECT_EQ(echo(connection, "after\n"), "after\n");
    const long lines = counted(hoist_ok({"logs", "logger"}));
    EXPECT_GT(lines, 100);
    EXPECT_EQ(hoist_ok({"exec", "echo", "echo", "still"}), "still\n");
    EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
}

struct ExitCase {
    const char* name;
    const char* script;
    int code;
};

TEST_F(Survival, ExitsWithoutADaemonAreKnownAfterwards) {  // REL-06
    const std::vector<ExitCase> cases = {
        {"zero", "sleep 1", 0}, {"three", "sleep 1; exit 3", 3}, {"killed", "sleep 1; kill -9 $$", 137}};
    for (const auto& one : cases)
        hoist_ok({"run", "-d", "--init", "--name", one.name, "busybox", "sh", "-c", one.script});
    hoist_ok({"run", "-d", "--rm", "--name", "gone", "busybox", "sleep", "1"});
    hoist_ok({"run", "-d", "--restart", "on-failure:1", "--name", "again", "busybox", "sh", "-c", "sleep 1; exit 4"});
    kill_daemon();
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    const TimePoint restarted = now();
    hoist_ok({"ps"});
    for (const auto& one : cases) {
        EXPECT_EQ(status_of(one.name), "exited") << one.name;
        const Json state = inspect(one.name)["State"];
        EXPECT_EQ(state.value("ExitCode", -1), one.code) << one.name;
        EXPECT_LT(parse_time(state.value("FinishedAt", "")).value_or(now()), restarted) << one.name;
    }
    EXPECT_TRUE(eventually([] { return inspect("gone").empty(); }, 5)) << "--rm is applied afterwards";
    EXPECT_TRUE(eventually(
        [] { return inspect("again").value("RestartCount", 0) == 1 && status_of("again") == "exited"; }, 10));
}

/// How many of a container's events so far are `action`.
std::size_t events_of(const std::string& name, const std::string& action) {
    const auto told = hoist_ok({"events", "--since", "10m", "--until", "0s", "--filter", "container=" + name, "--filter",
                                "event=" + action, "--format", "json"});
    return static_cast<std::size_t>(std::count(told.begin(), told.end(), '\n'));
}

TEST_F(Survival, KilledProcessAndMemoryLimitAreToldApart) {  // REL-09
    hoist_ok({"run", "-d", "--name", "victim", "busybox", "sleep", "1000"});
    ::kill(pid_of("victim"), SIGKILL);
    EXPECT_TRUE(eventually([] { return status_of("victim") == "exited"; }, 5));
    EXPECT_EQ(inspect("victim")["State"].value("ExitCode", -1), 137);
    EXPECT_FALSE(inspect("victim")["State"].value("OOMKilled", true));
    EXPECT_EQ(events_of("victim", "die"), 1u);

    hoist_ok({"run", "-d", "--name", "greedy", "-m", "16m", "busybox", "sh", "-c", "tail /dev/zero"});
    EXPECT_TRUE(eventually([] { return status_of("greedy") == "exited"; }, 20));
    const Json state = inspect("greedy")["State"];
    EXPECT_EQ(state.value("ExitCode", -1), 137);
    EXPECT_TRUE(state.value("OOMKilled", false));
    EXPECT_EQ(events_of("greedy", "die"), 1u);
    EXPECT_EQ(events_of("greedy", "oom"), 1u);
}

TEST_F(Survival, SocketIsForItsGroupOnly) {  // SEC-39
    hoist_ok({"ps"});
    struct stat info {};
    ASSERT_EQ(::stat("/run/hoist/hoist.sock", &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0660u);
    EXPECT_EQ(info.st_uid, 0u);
    ASSERT_EQ(::stat("/run/hoist", &info), 0);
    EXPECT_EQ(info.st_mode & 0777 & ~0711u, 0u);
    EXPECT_NE(run({"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "curl", "-sS", "--unix-socket",
                   "/run/hoist/hoist.sock", "http://x/_ping"})
                  .status,
              0);

    // Never wider, even for a moment: the mask that takes others' rights away is set before the name exists.
    stop_daemon();
    run({"timeout", "2", "strace", "-f", "-o", "/tmp/trace", "-e", "trace=umask,bind,listen", PROGRAM_DIR "/hoistd"});
    std::string mask;
    bool bound = false;
    for (const auto& line : split(read_file("/tmp/trace"), '\n')) {
        std::smatch match;
        if (std::regex_search(line, match, std::regex("umask\\((0[0-7]*)\\)")) && !bound) mask = match[1];
        if (line.find("bind(") != std::string::npos && line.find("hoist.sock") != std::string::npos) {
            bound = true;
            EXPECT_EQ(std::stoi("0" + mask, nullptr, 8) & 0117, 0117) << "mask " << mask << " at " << line;
        }
    }
    EXPECT_TRUE(bound);
}

}  // namespace
}  // namespace hoist::test
