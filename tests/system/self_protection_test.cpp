// SPDX-License-Identifier: Apache-2.0
// Nothing of ours is reachable, writable or traceable from inside a container. SEC-01 to SEC-04
#include "tests/support/hoist_host.h"
#include "tests/system/bundle.h"
#include "tests/system/repeatedly.h"

namespace hoist::test {
namespace {

constexpr int sys_ptrace = 19;

std::string programs() {
    return sh("sha256sum " PROGRAM_DIR "/hoist " PROGRAM_DIR "/hoistd " PROGRAM_DIR "/hoist-runtime");
}

class SelfProtection : public Bundle {
protected:
    /// Something in the container "c" that goes on by itself and writes to /tmp/out in there.
    void start_in_background(const std::string& line) {
        ASSERT_EQ(command({"exec", "-d", "c", "/bin/sh", "-c", line + " > /tmp/out 2>&1; touch /tmp/ended"}).status, 0);
    }
    static std::string said() { return read_file_if_exists("/tmp/b/rootfs/tmp/out").value_or(""); }
    static std::string said_at_the_end() {
        EXPECT_TRUE(eventually([] { return read_file_if_exists("/tmp/b/rootfs/tmp/ended").has_value(); }, 60));
        return said();
    }
    /// Puts what comes next into the pid namespace of the container "c".
    void join_pids_of_c() {
        const Json state = parse_json(command({"state", "c"}).out, "state");
        for (auto& one : config_.namespaces)
            if (one.type == runtime::NamespaceType::pid) one.path = fmt::format("/proc/{}/ns/pid", state["pid"].dump());
    }
};

// SEC-01

TEST_F(SelfProtection, ItsProgramCannotBeWrittenTo) {
    const auto before = programs();
    allow(sys_ptrace);
    write("bin/trap", "#!/proc/self/exe\n");
    sh("chmod 755 /tmp/b/rootfs/bin/trap");
    (void)run({"/bin/trap"});
    start_sleeper();
    start_in_background("hoist-inside grab 6");
    repeatedly(std::chrono::seconds(5), 10, 200, [&](int n) { (void)exec(n % 2 ? "exec trap" : "true"); });
    const auto out = said_at_the_end();
    EXPECT_NE(out.find("held "), std::string::npos) << out;
    EXPECT_EQ(out.find("wrote"), std::string::npos) << out;
    EXPECT_EQ(programs(), before);
}

TEST_F(SelfProtection, NeitherCanWhatTheDaemonSendsIn) {
    const auto before = programs();
    import_busybox();
    sh("mkdir -p /tmp/grab");
    write_file_atomic("/tmp/grab/compose.yaml",
                      "services:\n  web:\n    image: busybox\n    init: true\n    cap_add: [SYS_PTRACE]\n"
                      "    network_mode: none\n    command: /inside grab 6\n"
                      "    volumes: ['" PROGRAM_DIR
                      "/hoist-inside:/inside:ro']\n"
                      "    healthcheck: {test: [CMD, 'true'], interval: 100ms, timeout: 30s}\n",
                      0644, Durable::no);
    hoist_ok({"up", "-d"}, "/tmp/grab");
    repeatedly(std::chrono::seconds(5), 3, 100, [](int) { (void)hoist({"exec", "-T", "grab-web-1", "true"}); });
    EXPECT_TRUE(eventually([] { return status_of("grab-web-1") == "exited"; }, 60));
    const auto log = hoist_ok({"logs", "grab-web-1"});
    EXPECT_NE(log.find("held "), std::string::npos) << log;
    EXPECT_EQ(log.find("wrote"), std::string::npos) << log;
    hoist_ok({"down"}, "/tmp/grab");
    stop_daemon();
    EXPECT_EQ(programs(), before);
}

// SEC-02

TEST_F(SelfProtection, NoDescriptorIsAWayOut) {
    sh("ln -s /proc/self/fd /tmp/b/rootfs/fds");
    const auto is_refused = [&](const std::string& path) {
        config_.process.cwd = path;
        const auto done = shell("pwd; ls");
        EXPECT_NE(done.status, 0) << path << ": " << done.out;
        EXPECT_EQ(done.out, "") << path;
    };
    repeatedly(std::chrono::seconds(6), 12, 62, [&](int n) {
        for (const char* directory : {"/proc/self/fd/", "/proc/1/fd/", "/fds/"})
            is_refused(directory + std::to_string(3 + n));
    });
    for (const char* path : {"/proc/self/cwd", "/proc/1/root", "/proc/1/root/etc"}) is_refused(path);
    config_.process.cwd = "/";
    start_sleeper();
    repeatedly(std::chrono::seconds(6), 12, 62, [&](int n) {
        const auto done = command({"exec", "--cwd", fmt::format("/proc/self/fd/{}", 3 + n), "c", "pwd"});
        EXPECT_NE(done.status, 0) << n << done.out;
    });
}

TEST_F(SelfProtection, AnOrdinaryDirectoryIsEntered) {
    sh("mkdir -p /tmp/b/rootfs/real && ln -s /real /tmp/b/rootfs/link");
    for (const auto& [path, real] :
         {std::pair{"/real", "/real"}, {"/link", "/real"}, {"/made/for/it", "/made/for/it"}}) {
        config_.process.cwd = path;
        EXPECT_EQ(shell("/bin/busybox pwd -P 2>/dev/null || pwd -P").out, std::string(real) + "\n");
    }
}

// SEC-03

TEST_F(SelfProtection, NoneOfOurDescriptorsIsInside) {
    std::vector<int> strays;
    for (int n = 0; n < 20; ++n) strays.push_back(::open("/", O_RDONLY | O_DIRECTORY));  // inheritable
    const auto numbers = [](const std::string& list) {
        std::string all;
        for (const auto& line : split(trim(list), '\n')) all += line.substr(0, line.find(' ')) + " ";
        return all;
    };
    const auto first = run({"/bin/hoist-inside", "descriptors"});
    EXPECT_EQ(numbers(first.out), "0 1 2 ") << first.out << first.err;
    start_sleeper();
    EXPECT_EQ(numbers(command({"exec", "c", "/bin/hoist-inside", "descriptors"}).out), "0 1 2 ");
    import_busybox();
    const std::vector<std::string> options = {"--rm", "--network", "none", "-v",
                                              PROGRAM_DIR "/hoist-inside:/inside:ro"};
    std::vector<std::string> words = {"run"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"busybox", "/inside", "descriptors"});
    EXPECT_EQ(numbers(hoist_ok(words)), "0 1 2 ");
    stop_daemon();
    for (const int fd : strays) ::close(fd);
}

// SEC-04

/// What a hunter reached is no more than it has itself: a process that is confined as it is, about to become a program
/// of its own container; or what asks for a procfs in a joined pid namespace, which is nobody.
void expect_harmless(const std::string& report, const std::string& capabilities) {
    for (const auto& line : split(report, '\n')) {
        if (line.rfind("reached ", 0) != 0) continue;
        const auto says = [&](const std::string& words) { return line.find(words) != std::string::npos; };
        if (!says("CapPrm:")) continue;  // it ended in this moment
        EXPECT_TRUE(says("Seccomp: 2")) << line;
        EXPECT_TRUE(says("Uid: 65534") || (says("CapPrm: " + capabilities) && says("CapBnd: " + capabilities))) << line;
        if (says("descriptor ")) {
            const bool known = says("-> pipe:") || says("-> socket:") || says("-> /dev/null") || says("fscontext") ||
                               says(".fifo") || says("-> /memfd:input");  // the last is the test's own standard input
            EXPECT_TRUE(known) << line;
        }
    }
}

constexpr const char* capabilities_with_ptrace = "00000000a80c25fb";

TEST_F(SelfProtection, WhatEntersCannotBeTakenOver) {
    allow(sys_ptrace);
    start_sleeper();
    start_in_background("hoist-inside hunt 8");
    repeatedly(std::chrono::seconds(7), 20, 1000, [&](int) { EXPECT_EQ(exec("true").status, 0); });
    const auto report = said_at_the_end();
    EXPECT_NE(report.find("met "), std::string::npos) << report;
    expect_harmless(report, capabilities_with_ptrace);
}

TEST_F(SelfProtection, NorWhatIsBornInItsPidNamespace) {
    allow(sys_ptrace);
    start_sleeper();
    start_in_background("hoist-inside hunt 8");
    join_pids_of_c();
    repeatedly(std::chrono::seconds(7), 10, 300, [&](int) {
        const auto done =
            run({"/bin/sh", "-c", "readlink /proc/self | grep -v '^1$' | wc -l; ls /proc/1/root > /dev/null"}, "d");
        EXPECT_EQ(done.out, "1\n") << done.err;
    });
    const auto report = said_at_the_end();
    EXPECT_NE(report.find("met "), std::string::npos) << report;
    expect_harmless(report, capabilities_with_ptrace);
}

TEST_F(SelfProtection, WhatWaitsInItsPidNamespaceForTheStartIsConfined) {
    allow(sys_ptrace);
    start_sleeper();
    join_pids_of_c();
    config_.process.args = {"/bin/sh", "-c", "echo started > /tmp/started"};
    save();
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "d"}).status, 0);
    const auto report = exec("hoist-inside hunt 1").out;
    EXPECT_EQ(report.find("met 0"), std::string::npos) << report;
    expect_harmless(report, capabilities_with_ptrace);
    EXPECT_EQ(command({"start", "d"}).status, 0);
    EXPECT_TRUE(eventually([] { return read_file_if_exists("/tmp/b/rootfs/tmp/started") == "started\n"; }));
}

TEST_F(SelfProtection, HoldingItsDescriptorsHoldsNobodyUp) {
    allow(sys_ptrace);
    start_sleeper();
    join_pids_of_c();
    config_.process.args = {"/bin/sh", "-c", "sleep 1000"};
    save();
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "d"}).status, 0);
    start_in_background("hoist-inside hold 100");
    ASSERT_TRUE(eventually([] { return said().find("holds") != std::string::npos; })) << said();
    const auto started = command({"start", "d"});
    EXPECT_EQ(started.status, 0) << started.err;
    EXPECT_EQ(sh("cat /tmp/b/rootfs/tmp/ended 2>/dev/null || echo still held"), "still held\n");
}

TEST_F(SelfProtection, WhatItWritesToThemIsShownHarmless) {
    allow(sys_ptrace);
    start_sleeper();
    join_pids_of_c();
    config_.process.args = {"/bin/sh", "-c", "sleep 1000"};
    save();
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "d"}).status, 0);
    start_in_background("hoist-inside hold 100 \"$(printf 'Einternal\\n\\033[31mred\\033]0;title\\007')\"");
    ASSERT_TRUE(eventually([] { return said().find("holds") != std::string::npos; })) << said();
    const auto started = command({"start", "d"});
    EXPECT_EQ(started.err.find('\033'), std::string::npos) << started.err;
    EXPECT_EQ(started.err.find('\007'), std::string::npos);
}

// Hooks of a container that joins another's pid namespace keep their rights, and so stay out of it.
TEST_F(SelfProtection, StartHooksRunOutsideOfAJoinedPidNamespace) {
    start_sleeper();
    join_pids_of_c();
    config_.hooks.start_container = {
        {"/bin/sh",
         {"sh", "-c",
          "grep CapEff /proc/[0-9]*/status > /dev/null; id -u > /tmp/hook; readlink /proc/self >> "
          "/tmp/hook; true"},
         {"PATH=/bin"},
         {}}};
    const auto done = run({"/bin/sh", "-c", "cat /tmp/hook; echo program"}, "d");
    EXPECT_EQ(done.out, "0\nprogram\n") << done.err << "no process of that procfs is the hook's";
    config_.hooks.start_container[0] = {"/bin/false", {}, {}, {}};
    const auto failed = run({"/bin/sh", "-c", "echo program"}, "d");
    EXPECT_NE(failed.status, 0);
    EXPECT_EQ(failed.out, "");
    EXPECT_NE(failed.err.find("/bin/false"), std::string::npos) << failed.err;
}

}  // namespace
}  // namespace hoist::test
