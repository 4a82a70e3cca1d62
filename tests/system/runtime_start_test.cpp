// SPDX-License-Identifier: Apache-2.0
// create, run, start, kill, delete: every option.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/support/console_listener.h"
#include "tests/system/runtime_bundle.h"

namespace hoist::runtime::test {
namespace {

using RuntimeStart = RuntimeBundle;

TEST_F(RuntimeStart, WritesThePidFile) {
    save_program({"/bin/sleep", "1000"});
    for (const char* form : {"--pid-file=/tmp/pid", "-pid-file=/tmp/pid"}) {
        ASSERT_EQ(command({"create", form, "-b", "/tmp/b", "c"}).status, 0);
        EXPECT_EQ(read_file("/tmp/pid"), state_of()["pid"].dump());
        ASSERT_EQ(command({"delete", "-f", "c"}).status, 0);
        sh("rm /tmp/pid");
    }
    const auto relative =
        hoist::test::run({"sh", "-c", "cd /tmp && " + program() + " --root /run/rt run -d --pid-file pid -b b c"});
    ASSERT_EQ(relative.status, 0) << relative.err;
    EXPECT_EQ(read_file("/tmp/pid"), state_of()["pid"].dump())
        << "relative to the working directory, not to the bundle";
    command({"delete", "-f", "c"});
    const auto nowhere = command({"create", "--pid-file", "/nowhere/pid", "-b", "/tmp/b", "c"});
    EXPECT_EQ(nowhere.status, 1);
    EXPECT_NE(nowhere.err.find("/nowhere/pid"), std::string::npos) << nowhere.err;
    EXPECT_EQ(command({"list", "-q"}).out, "") << "nothing is left of it";
}

TEST_F(RuntimeStart, TakesAnotherConfiguration) {
    config_.process.args = {"/bin/echo", "other"};
    save("other.json");
    save_program({"/bin/echo", "usual"});
    EXPECT_EQ(command({"run", "-b", "/tmp/b", "-f", "other.json", "c"}).out, "other\n");
    EXPECT_EQ(command({"run", "-b", "/tmp/b", "--config=/tmp/b/other.json", "c"}).out, "other\n");
    EXPECT_EQ(command({"run", "-b", "/tmp/b", "c"}).out, "usual\n");
    EXPECT_EQ(command({"run", "-b", "/tmp/b", "--config", "none.json", "c"}).status, 1);
    const auto inside = hoist::test::run({"sh", "-c", "cd /tmp/b && " + program() + " --root /run/rt run c"});
    EXPECT_EQ(inside.out, "usual\n") << "without --bundle it is the working directory";
}

// The specification: what changes in config.json after create must not affect the container.
TEST_F(RuntimeStart, KeepsTheConfigurationItWasMadeFrom) {
    config_.process.env.push_back("WHO=first");
    config_.hooks.poststop = {{"/bin/sh", {"sh", "-c", "echo first > /tmp/out"}, {}, {}}};
    save_program({"/bin/sleep", "1000"});
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "c"}).status, 0);
    sh("rm /tmp/b/config.json");
    ASSERT_EQ(command({"start", "c"}).status, 0);
    EXPECT_EQ(exec("echo $WHO").out, "first\n");
    ASSERT_EQ(command({"delete", "-f", "c"}).status, 0);
    EXPECT_EQ(read_file("/tmp/out"), "first\n");
}

TEST_F(RuntimeStart, KeepsAContainerThatEnded) {
    EXPECT_EQ(shell("exit 3", {"--keep"}).status, 3);
    EXPECT_EQ(status_of(), "stopped");
    EXPECT_EQ(command({"delete", "c"}).status, 0);
    EXPECT_EQ(shell("exit 3").status, 3);
    EXPECT_EQ(command({"list", "-q"}).out, "");
}

TEST_F(RuntimeStart, HandsTheTerminalToASocket) {
    config_.process.terminal = true;
    save_program({"/bin/sh", "-c", "stty size; read line; echo got $line; sleep 1000"});
    EXPECT_EQ(command({"run", "-d", "-b", "/tmp/b", "c"}).status, 1) << "nobody would hold the terminal";
    EXPECT_EQ(command({"create", "-b", "/tmp/b", "c"}).status, 1);
    // Longer than an address of a unix socket may be.
    const std::string directory = "/tmp/out/" + std::string(120, 'x');
    sh("mkdir -p " + directory);
    hoist::test::ConsoleListener listener(directory + "/console.sock");
    config_.process.console_rows = 30;
    config_.process.console_columns = 90;
    save();
    const auto made = command({"create", "--console-socket", listener.path(), "-b", "/tmp/b", "c"});
    ASSERT_EQ(made.status, 0) << made.err;
    const Fd terminal = listener.take();
    ASSERT_EQ(command({"start", "c"}).status, 0);
    EXPECT_EQ(hoist::test::read_until(terminal, "\n"), "30 90\r\n");
    write_all(terminal, "hello\n", "the terminal");
    EXPECT_EQ(hoist::test::read_until(terminal, "got hello\r\n"), "hello\r\ngot hello\r\n");
    config_.process.terminal = false;
    save();
    const auto without = command({"create", "--console-socket", listener.path(), "-b", "/tmp/b", "d"});
    EXPECT_EQ(without.status, 1) << "there is no terminal to hand over";
    EXPECT_EQ(command({"create", "--console-socket", "/tmp/nowhere.sock", "-b", "/tmp/b", "d"}).status, 1);
}

TEST_F(RuntimeStart, PreservesDescriptors) {
    save_program({"/bin/sh", "-c", "(cat <&4) 2>/dev/null || echo none"});
    const auto run = [&](const std::string& redirections, const std::string& options) {
        const std::string line = program() + " --root /run/rt run " + options + " -b /tmp/b c";
        return hoist::test::run({"sh", "-c", "echo four > /tmp/out; exec " + redirections + " " + line}).out;
    };
    EXPECT_EQ(run("3</dev/null 4</tmp/out", ""), "none\n");
    EXPECT_EQ(run("3</dev/null 4</tmp/out", "--preserve-fds 1"), "none\n");
    EXPECT_EQ(run("3</dev/null 4</tmp/out", "--preserve-fds=2"), "four\n");
    EXPECT_EQ(run("3<&- 4</tmp/out", "--preserve-fds 2"), "four\n") << "each keeps its number";
}

TEST_F(RuntimeStart, ForwardsSignals) {
    save_program({"/bin/sh", "-c", "trap 'echo got; exit 7' USR1; echo ready; while :; do sleep 0.05; done"});
    const auto done =
        hoist::test::run({"sh", "-c",
                          program() + " --root /run/rt run -b /tmp/b c > /tmp/out & pid=$!; "
                                      "for n in $(seq 500); do grep -q ready /tmp/out && break; sleep 0.01; done; "
                                      "kill -USR1 $pid; wait $pid; echo $?"});
    EXPECT_EQ(done.out, "7\n");
    EXPECT_EQ(read_file("/tmp/out"), "ready\ngot\n");
}

TEST_F(RuntimeStart, GivesItsOwnTerminal) {
    config_.process.terminal = true;
    save_program({"/bin/sh", "-c", "tty; stty size; exit 5"});
    const auto done = hoist::test::run(
        {"script", "-qec", "stty rows 33 cols 77; " + program() + " --root /run/rt run -b /tmp/b c", "/dev/null"});
    EXPECT_EQ(done.status, 5) << done.err;
    // script(1) may type a NUL in between, for the end of its own input.
    EXPECT_NE(done.out.find("/dev/pts/0\r\n"), std::string::npos) << done.out;
    EXPECT_NE(done.out.find("33 77\r\n"), std::string::npos) << done.out;
}

TEST_F(RuntimeStart, MovesTheRootWherePivotingIsNotWanted) {
    const auto done = shell("ls /; cat /proc/self/mountinfo | grep -c /tmp/b; true", {"--no-pivot"});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out.find("home"), std::string::npos) << done.out;
}

TEST_F(RuntimeStart, HasASessionKeyringOfItsOwn) {
    const char* keyring = "awk '/_ses|keyring/ {print $1}' /proc/keys | head -1";
    EXPECT_EQ(shell(keyring, {"--no-new-keyring", "--no-subreaper"}).status, 0);
}

TEST_F(RuntimeStart, SignalsByNameAndNumber) {
    for (const char* word : {"KILL", "SIGKILL", "sigkill", "9"}) {
        start_sleeper();
        EXPECT_EQ(command({"kill", "c", word}).status, 0) << word;
        EXPECT_TRUE(becomes("stopped")) << word;
        ASSERT_EQ(command({"delete", "c"}).status, 0);
    }
    start_sleeper();
    for (const char* word : {"NOPE", "99", "-1", ""}) {
        const auto done = command({"kill", "--", "c", word});
        EXPECT_EQ(done.status, 1) << word;
        EXPECT_NE(done.err.find("unknown signal"), std::string::npos) << done.err;
    }
    EXPECT_EQ(command({"kill", "c", "0"}).status, 0) << "nothing but a question";
    EXPECT_EQ(status_of(), "running");
}

TEST_F(RuntimeStart, KillsNothingThatHasEnded) {
    start_sleeper();
    ASSERT_EQ(command({"kill", "c", "KILL"}).status, 0);
    ASSERT_TRUE(becomes("stopped"));
    const auto done = command({"kill", "c", "TERM"});
    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.err.find("container not running"), std::string::npos)
        << "containerd looks for these words: " << done.err;
    EXPECT_EQ(command({"kill", "-a", "c", "0"}).status, 0) << "there may be others than process 1";
}

TEST_F(RuntimeStart, TermIsTheUsualSignal) {
    save_program({"/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"});
    ASSERT_EQ(command({"run", "-d", "-b", "/tmp/b", "c"}).status, 0);
    ::usleep(200'000);
    ASSERT_EQ(command({"kill", "c"}).status, 0);
    EXPECT_TRUE(becomes("stopped"));
}

TEST_F(RuntimeStart, FindsContainersByExpression) {
    for (const char* id : {"web-1", "web-2", "db-1"}) start_sleeper(id);
    ASSERT_EQ(command({"kill", "--regex", "^web-", "KILL"}).status, 0);
    EXPECT_TRUE(becomes("stopped", "web-1"));
    EXPECT_TRUE(becomes("stopped", "web-2"));
    EXPECT_EQ(status_of("db-1"), "running");
    const auto some = command({"delete", "-r", ".*-1"});
    EXPECT_EQ(some.status, 1) << "one of them runs";
    EXPECT_NE(some.err.find("cannot delete container db-1 that is not stopped"), std::string::npos) << some.err;
    EXPECT_EQ(command({"list", "-q"}).out, "db-1\nweb-2\n");
    EXPECT_EQ(command({"delete", "-fr", "."}).status, 0);
    EXPECT_EQ(command({"list", "-q"}).out, "");
    EXPECT_EQ(command({"delete", "--regex", "("}).status, 1);
}

TEST_F(RuntimeStart, DeletesWhatRunsOnlyByForce) {
    start_sleeper();
    const auto done = command({"delete", "c"});
    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.err.find("cannot delete container c that is not stopped: it is running"), std::string::npos)
        << done.err;
    ASSERT_EQ(command({"pause", "c"}).status, 0);
    EXPECT_EQ(command({"delete", "c"}).status, 1);
    EXPECT_EQ(command({"delete", "--force", "c"}).status, 0) << "also a paused one";
    save();
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "c"}).status, 0);
    EXPECT_EQ(command({"delete", "c"}).status, 0) << "one that never ran needs none";
}

TEST_F(RuntimeStart, StartsOnlyWhatWasCreated) {
    start_sleeper();
    const auto done = command({"start", "c"});
    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.err.find("cannot start container c: it is running, not created"), std::string::npos) << done.err;
}

TEST_F(RuntimeStart, RefusesIdsThatAreNone) {
    save_program({"/bin/true"});
    for (const char* id : {"", ".", "..", "a/b", "a b", "a\nb"})
        EXPECT_EQ(command({"run", "-b", "/tmp/b", id}).status, 1) << id;
    for (const char* id : {"a", "A-b_c.d+e", "0"}) EXPECT_EQ(command({"run", "-b", "/tmp/b", id}).status, 0) << id;
}

TEST_F(RuntimeStart, SaysWhichHookFailed) {
    config_.hooks.create_runtime = {{"/bin/sh", {"sh", "-c", "exit 3"}, {}, {}}};
    auto done = shell("true");
    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.err.find("error running hook /bin/sh: exit status 3"), std::string::npos) << done.err;
    config_.hooks.create_runtime = {{"/bin/sh", {"sh", "-c", "kill -SYS $$"}, {}, {}}};
    done = shell("true");
    EXPECT_NE(done.err.find("signal 31: bad system call"), std::string::npos) << done.err;
    config_.hooks.create_runtime.clear();
    config_.hooks.poststop = {{"/bin/false", {}, {}, {}}, {"/bin/sh", {"sh", "-c", "echo second >> /tmp/out"}, {}, {}}};
    done = shell("true");
    EXPECT_EQ(done.status, 0) << "the container has ended well all the same";
    EXPECT_NE(done.err.find("warning: error running hook /bin/false"), std::string::npos) << done.err;
    EXPECT_EQ(read_file("/tmp/out"), "second\n");
    config_.hooks.poststart = {{"/bin/false", {}, {}, {}}};
    save_program({"/bin/sleep", "1000"});
    EXPECT_EQ(command({"run", "-d", "-b", "/tmp/b", "c"}).status, 1);
    EXPECT_EQ(command({"list", "-q"}).out, "") << "what a hook could not do ends it";
}

TEST_F(RuntimeStart, HooksOnTheHostHaveItsEnvironment) {
    ::setenv("ON_THE_HOST", "yes", 1);
    const auto hook = [](std::vector<std::string> env) {
        return Hook{"/bin/sh", {"sh", "-c", "echo $ON_THE_HOST$OWN. >> /tmp/out"}, std::move(env), {}};
    };
    config_.hooks.create_runtime = {hook({}), hook({"OWN=own"})};
    config_.hooks.create_container = {hook({})};
    EXPECT_EQ(shell("true").status, 0);
    EXPECT_EQ(read_file("/tmp/out"), "yes.\nown.\n.\n") << "what runs in the container's namespaces sees nothing of it";
    ::unsetenv("ON_THE_HOST");
}

}  // namespace
}  // namespace hoist::runtime::test
