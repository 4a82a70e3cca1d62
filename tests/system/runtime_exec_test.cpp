// SPDX-License-Identifier: Apache-2.0
// exec: every option.
#include "tests/support/console_listener.h"
#include "tests/system/runtime_bundle.h"

namespace hoist::runtime::test {
namespace {

class RuntimeExec : public RuntimeBundle {
protected:
    static void save_process(const Json& process) {
        write_file_atomic("/tmp/b/process.json", process.dump(), 0644, Durable::no);
    }
    static Outcome exec_file(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"exec", "-p", "/tmp/b/process.json"});
        options.push_back("c");
        return command(std::move(options));
    }
};

TEST_F(RuntimeExec, GivesTheExitStatusOrSaysThatNothingRan) {
    start_sleeper();
    EXPECT_EQ(exec("exit 42").status, 42);
    EXPECT_EQ(exec("kill -TERM $$").status, 143);
    struct Case {
        std::vector<std::string> words;
        const char* error;
    };
    const Case cases[] = {
        {{"exec", "c", "nope"}, "exec failed: exec: \"nope\": executable file not found in $PATH"},
        {{"exec", "c", "/nope"}, "exec: \"/nope\": no such file or directory"},
        {{"exec", "c", "/etc/passwd"}, "exec: \"/etc/passwd\": permission denied"},
        {{"exec", "c"}, "process args cannot be empty"},
        {{"exec", "--pid-file", "/nowhere/pid", "c", "true"}, "/nowhere/pid"},
        {{"exec", "-p", "/nowhere/p.json", "c"}, "/nowhere/p.json"},
        {{"exec", "-u", "nobody-here", "c", "true"}, "unable to find user \"nobody-here\""},
        {{"exec", "-t", "-d", "c", "true"}, "needs --console-socket"},
        {{"exec", "--cgroup", "..", "c", "true"}, "exec failed: .. is not a sub cgroup path"},
        {{"exec", "--cgroup", "nowhere:/", "c", "true"}, "unknown controller \"nowhere\""},
    };
    for (const auto& one : cases) {
        const auto done = command(one.words);
        EXPECT_EQ(done.status, 255) << one.error;
        EXPECT_NE(done.err.find(one.error), std::string::npos) << done.err;
    }
}

TEST_F(RuntimeExec, HasWhatTheOptionsSay) {
    config_.process.env.push_back("FROM=container");
    start_sleeper();
    struct Case {
        std::vector<std::string> options;
        const char* line;
        const char* out;
    };
    const Case cases[] = {
        {{}, "pwd; id -u; echo $FROM", "/\n0\ncontainer\n"},
        {{"--cwd", "/etc"}, "pwd", "/etc\n"},
        {{"-e", "A=1", "--env", "B=2", "--env=FROM=exec"}, "echo $A$B; env | grep ^FROM", "12\nFROM=exec\n"},
        {{"-u", "1000:1001"}, "id -u; id -G", "1000\n1001\n"},
        {{"--user=alice"}, "id -u; id -G", "500\n501 4\n"},
        {{"-u", "1000:1000", "-g", "100", "--additional-gids", "65534"}, "id -G", "1000 100 65534\n"},
        {{"--no-new-privs"}, "grep NoNewPrivs /proc/self/status | tr -d '\\t'", "NoNewPrivs:1\n"},
        {{}, "grep NoNewPrivs /proc/self/status | tr -d '\\t'", "NoNewPrivs:0\n"},
        {{"-c", "CAP_NOPE"}, "grep CapEff /proc/self/status | tr -d '\\t'", "CapEff:00000000a80425fb\n"},
        {{"-c", "CAP_SYS_TIME"}, "grep CapEff /proc/self/status | tr -d '\\t'", "CapEff:00000000aa0425fb\n"},
        {{"--cap", "sys_time", "-u", "1000"},
         "grep -E 'CapEff|CapAmb' /proc/self/status | tr -d '\\t'",
         "CapEff:0000000002000000\nCapAmb:0000000002000000\n"},
    };
    for (const auto& one : cases) {
        const auto done = exec(one.line, one.options);
        EXPECT_EQ(done.out, one.out) << one.line << done.err;
    }
}

TEST_F(RuntimeExec, TakesAProcessFromAFile) {
    config_.process.rlimits = {{"RLIMIT_NOFILE", 100, 200}};
    start_sleeper();
    save_process(
        {{"args", {"/bin/sh", "-c", "id -u; pwd; echo $X; grep CapBnd /proc/self/status | tr -d '\\t'; ulimit -n"}},
         {"cwd", "/etc"},
         {"env", {"X=y", "PATH=/bin"}},
         {"user", {{"uid", 7}, {"gid", 8}}}});
    const auto done = exec_file();
    EXPECT_EQ(done.out, "7\n/etc\ny\nCapBnd:00000000a80425fb\n100\n")
        << "what it leaves out is the container's: " << done.err;
    save_process({{"args", {"/bin/sh", "-c", "grep CapBnd /proc/self/status | tr -d '\\t'"}},
                  {"cwd", "/"},
                  {"env", {"PATH=/bin"}},
                  {"capabilities", {{"bounding", {"CAP_CHOWN"}}}}});
    EXPECT_EQ(exec_file().out, "CapBnd:0000000000000001\n");
    save_process({{"args", "no list"}});
    const auto wrong = exec_file();
    EXPECT_EQ(wrong.status, 255);
    EXPECT_NE(wrong.err.find("args: must be an array"), std::string::npos) << wrong.err;
    const auto piped = hoist::test::run(
        {"bash", "-c",
         program() + " --root /run/rt exec -p <(echo '{\"args\":[\"/bin/echo\",\"hi\"],\"cwd\":\"/\"}') c"});
    EXPECT_EQ(piped.out, "hi\n") << piped.err;
}

TEST_F(RuntimeExec, LeavesADetachedProcessAlone) {
    start_sleeper();
    const auto done = exec("sleep 0.3; echo done > /tmp/done", {"-d", "--pid-file", "/tmp/pid"});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_NE(read_file("/tmp/pid"), state_of()["pid"].dump());
    EXPECT_NE(command({"ps", "-f", "json", "c"}).out.find(read_file("/tmp/pid")), std::string::npos);
    EXPECT_EQ(sh("for n in $(seq 500); do [ -e /tmp/b/rootfs/tmp/done ] && break; sleep 0.01; done; cat "
                 "/tmp/b/rootfs/tmp/done"),
              "done\n");
}

TEST_F(RuntimeExec, HasATerminalThroughASocketOrOurs) {
    start_sleeper();
    sh("mkdir -p /tmp/out");
    hoist::test::ConsoleListener listener("/tmp/out/console.sock");
    ASSERT_EQ(exec("tty; sleep 1000", {"-td", "--console-socket", listener.path()}).status, 0);
    EXPECT_EQ(hoist::test::read_until(listener.take(), "\n"), "/dev/pts/0\r\n");
    const auto ours =
        hoist::test::run({"script", "-qec", program() + " --root /run/rt exec -t c sh -c 'tty; exit 4'", "/dev/null"});
    EXPECT_EQ(ours.status, 4);
    EXPECT_NE(ours.out.find("/dev/pts/"), std::string::npos) << ours.out;
    save_process({{"args", {"/bin/stty", "size"}},
                  {"cwd", "/"},
                  {"terminal", true},
                  {"consoleSize", {{"height", 10}, {"width", 110}}}});
    ASSERT_EQ(exec_file({"-d", "--console-socket", listener.path()}).status, 0);
    EXPECT_EQ(hoist::test::read_until(listener.take(), "\n"), "10 110\r\n");
}

TEST_F(RuntimeExec, PreservesDescriptors) {
    start_sleeper();
    const auto done = hoist::test::run({"sh", "-c",
                                        "echo hello > /tmp/out; exec 3</dev/null 4</tmp/out; " + program() +
                                            " --root /run/rt exec --preserve-fds=2 c cat /proc/self/fd/4"});
    EXPECT_EQ(done.out, "hello\n") << done.err;
    const auto none = hoist::test::run(
        {"sh", "-c",
         "exec 3</dev/null 4</tmp/out; " + program() + " --root /run/rt exec c sh -c 'ls /proc/$$/fd; true'"});
    EXPECT_EQ(none.out, "0\n1\n2\n");
}

TEST_F(RuntimeExec, WaitsForAPausedContainerOnlyWhenAsked) {
    start_sleeper();
    ASSERT_EQ(command({"pause", "c"}).status, 0);
    const auto refused = exec("true");
    EXPECT_EQ(refused.status, 255);
    EXPECT_NE(refused.err.find("cannot exec in a paused container"), std::string::npos) << refused.err;
    const auto done = hoist::test::run({"sh", "-c",
                                        "(sleep 0.3; " + program() + " --root /run/rt resume c) & " + program() +
                                            " --root /run/rt exec --ignore-paused c echo ok"});
    EXPECT_EQ(done.out, "ok\n") << done.err;
}

TEST_F(RuntimeExec, EntersNothingThatHasEnded) {
    start_sleeper();
    ASSERT_EQ(command({"kill", "c", "KILL"}).status, 0);
    ASSERT_TRUE(becomes("stopped"));
    const auto done = exec("true");
    EXPECT_EQ(done.status, 255);
    EXPECT_NE(done.err.find("cannot exec in a stopped container"), std::string::npos) << done.err;
}

TEST_F(RuntimeExec, WorksBeforeTheStart) {
    save_program({"/bin/sleep", "1000"});
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "c"}).status, 0);
    EXPECT_EQ(exec("echo early").out, "early\n");
    EXPECT_EQ(status_of(), "created");
}

TEST_F(RuntimeExec, JoinsACgroupBelowTheContainers) {
    config_.cgroups_path = "/parent/c";
    start_sleeper();
    sh("mkdir /sys/fs/cgroup/memory/parent/c/sub /sys/fs/cgroup/pids/parent/c/sub /sys/fs/cgroup/cpu/parent/c/other");
    const auto some = exec("cat /proc/self/cgroup", {"--cgroup", "memory,pids:sub", "--cgroup=cpu:/other/"});
    EXPECT_NE(some.out.find(":memory:/sub\n"), std::string::npos) << some.out << some.err;
    EXPECT_NE(some.out.find(":pids:/sub\n"), std::string::npos) << some.out;
    EXPECT_NE(some.out.find(":cpu:/other\n"), std::string::npos) << some.out;
    EXPECT_NE(some.out.find(":freezer:/\n"), std::string::npos) << some.out;
    EXPECT_EQ(exec("cat /proc/self/cgroup | grep -v ':/$'", {"--cgroup", "/"}).out, "") << "the container's own";
    EXPECT_EQ(exec("true", {"--cgroup", "sub"}).status, 255) << "not in every hierarchy";
    EXPECT_EQ(exec("true", {"--cgroup", "sub", "--cgroup", "cpu:other"}).status, 255) << "which?";
    EXPECT_EQ(exec("true", {"--cgroup", "memory:sub/../.."}).status, 255);
}

}  // namespace
}  // namespace hoist::runtime::test
