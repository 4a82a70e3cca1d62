// SPDX-License-Identifier: Apache-2.0
// hoist-runtime under another engine: Debian's podman, with everything of its own in the test host. It is skipped where
// that podman does not work with the runtime it comes with.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"

namespace hoist::test {
namespace {

/// A podman command line for this OCI runtime.
std::vector<std::string> command_line(const std::string& runtime, const std::vector<std::string>& words) {
    std::vector<std::string> line = {"env",
                                     "CONTAINERS_CONF=/tmp/podman/containers.conf",
                                     "podman",
                                     "--root",
                                     "/var/lib/hoist/podman",
                                     "--runroot",
                                     "/run/podman",
                                     "--storage-driver",
                                     "vfs",
                                     "--cgroup-manager",
                                     "cgroupfs",
                                     "--events-backend",
                                     "file",
                                     "--runtime",
                                     runtime};
    line.insert(line.end(), words.begin(), words.end());
    return line;
}

const std::string ours = PROGRAM_DIR "/hoist-runtime";

Outcome podman(const std::vector<std::string>& words, int seconds = 120) {
    return run(command_line(ours, words), seconds);
}

std::string podman_ok(const std::vector<std::string>& words) {
    const auto done = podman(words);
    EXPECT_EQ(done.status, 0) << "podman " << join(words, " ") << "\n" << done.out << done.err;
    return done.out;
}

/// Why podman cannot be tried here; empty if it can.
std::string look_for_podman() {
    if (run({"sh", "-c", "command -v podman && command -v crun && command -v conmon"}).status != 0)
        return "podman, crun and conmon are not installed";
    sh("mkdir -p /tmp/podman /var/lib/hoist/podman && cd /tmp/podman && "
       "printf '[containers]\\nlog_driver=\"k8s-file\"\\nnetns=\"none\"\\n[network]\\nnetwork_backend=\"cni\"\\n' > "
       "containers.conf && echo '{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}' > policy.json");
    const auto imported = podman({"import", "--signature-policy", "/tmp/podman/policy.json", busybox_tar(), "busybox"});
    if (imported.status != 0) return "podman does not import an image here: " + imported.err;
    // crun refuses a v2 tree beside v1 that has controllers; hoist does not mind.
    auto alone = command_line("crun", {"run", "--rm", "busybox", "echo", "works"});
    alone.insert(alone.begin(),
                 {"unshare", "-m", "sh", "-c", "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$@\"", "sh"});
    const auto tried = run(alone, 120);
    return tried.out == "works\n" ? "" : "podman with crun runs no container here: " + tried.err;
}

class Podman : public testing::Test {
protected:
    static void SetUpTestSuite() { reason = look_for_podman(); }
    void SetUp() override {
        if (!reason.empty()) GTEST_SKIP() << reason;
    }
    void TearDown() override {
        if (!reason.empty()) return;
        podman({"rm", "-f", "-t", "0", "-a"});
        EXPECT_EQ(sh("find /sys/fs/cgroup -type d -name 'libpod-[0-9a-f]*' ! -name '*conmon*'"), "");
        EXPECT_EQ(podman({"ps", "-a", "-q"}).out, "");
    }
    static void start(const std::vector<std::string>& options = {}) {
        std::vector<std::string> words = {"run", "-d", "--name", "box"};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(words.end(), {"busybox", "sleep", "1000"});
        podman_ok(words);
    }
    /// Runs a shell line in a fresh container with these options.
    static Outcome shell(const std::string& line, const std::vector<std::string>& options = {}) {
        std::vector<std::string> words = {"run", "--rm"};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(words.end(), {"busybox", "sh", "-c", line});
        return podman(words);
    }
    static std::string status() { return std::string(trim(podman_ok({"inspect", "-f", "{{.State.Status}}", "box"}))); }
    static std::string exit_code() {
        return std::string(trim(podman_ok({"inspect", "-f", "{{.State.ExitCode}}", "box"})));
    }
    static inline std::string reason;
};

TEST_F(Podman, RunGivesOutputAndStatus) {
    const auto done = shell("echo out; echo err >&2; exit 7");
    EXPECT_EQ(done.status, 7);
    EXPECT_EQ(done.out, "out\n");
    EXPECT_NE(done.err.find("err"), std::string::npos);
}

TEST_F(Podman, AMissingProgramIsToldOfAsItExpects) {
    const auto missing = podman({"run", "--rm", "busybox", "nope"});
    EXPECT_EQ(missing.status, 127) << missing.err;
    EXPECT_NE(missing.err.find("not found"), std::string::npos) << missing.err;
    const auto directory = podman({"run", "--rm", "busybox", "/bin"});
    EXPECT_EQ(directory.status, 126) << directory.err;
}

TEST_F(Podman, ExecRunsFurtherPrograms) {
    start({"-e", "FROM=container"});
    EXPECT_EQ(podman_ok({"exec", "box", "sh", "-c", "echo $FROM; id -u"}), "container\n0\n");
    EXPECT_EQ(podman({"exec", "box", "sh", "-c", "exit 9"}).status, 9);
    EXPECT_EQ(
        podman_ok({"exec", "-u", "1000:7", "-w", "/tmp", "-e", "A=b", "box", "sh", "-c", "id -u; id -g; pwd; echo $A"}),
        "1000\n7\n/tmp\nb\n");
    const auto missing = podman({"exec", "box", "nope"});
    EXPECT_EQ(missing.status, 127) << missing.err;
    podman_ok({"exec", "-d", "box", "sh", "-c", "echo detached > /tmp/detached"});
    EXPECT_TRUE(eventually([] { return podman({"exec", "box", "cat", "/tmp/detached"}).out == "detached\n"; }, 60));
}

TEST_F(Podman, PauseAndUnpause) {
    start();
    podman_ok({"pause", "box"});
    EXPECT_EQ(status(), "paused");
    EXPECT_NE(podman({"exec", "box", "true"}).status, 0);
    podman_ok({"unpause", "box"});
    EXPECT_EQ(status(), "running");
    EXPECT_EQ(podman_ok({"exec", "box", "echo", "thawed"}), "thawed\n");
}

TEST_F(Podman, StatsAndTopFindItsProcesses) {
    start({"-m", "64m"});
    const Json stats = parse_json(podman_ok({"stats", "--no-stream", "--format", "json", "box"}), "stats");
    EXPECT_EQ(stats.at(0).value("pids", ""), "1") << stats;
    EXPECT_NE(stats.at(0).value("mem_usage", "").find("67.11MB"), std::string::npos) << stats;
    EXPECT_NE(podman_ok({"top", "box", "pid", "args"}).find("sleep 1000"), std::string::npos);
}

TEST_F(Podman, KillAndStopEndIt) {
    start();
    podman_ok({"kill", "box"});
    EXPECT_TRUE(eventually([] { return status() == "exited"; }, 60));
    EXPECT_EQ(exit_code(), "137");
    podman_ok({"start", "box"});
    EXPECT_EQ(status(), "running");
    podman_ok({"stop", "-t", "0", "box"});
    EXPECT_EQ(status(), "exited");
    podman_ok({"restart", "-t", "0", "box"});
    EXPECT_EQ(status(), "running");
    podman_ok({"rm", "-f", "-t", "0", "box"});
    EXPECT_NE(podman({"inspect", "box"}).status, 0);
}

TEST_F(Podman, CreateStartAndWaitAreThree) {
    podman_ok({"create", "--name", "box", "busybox", "sh", "-c", "echo later; exit 5"});
    EXPECT_EQ(status(), "created");
    podman_ok({"start", "box"});
    EXPECT_EQ(podman_ok({"wait", "box"}), "5\n");
    EXPECT_EQ(podman_ok({"logs", "box"}), "later\n");
}

/// With a terminal of our own for podman to pass on.
Outcome on_a_terminal(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : command_line(ours, words)) line += "'" + word + "' ";
    return run({"script", "-qec", line, "/dev/null"}, 120);
}

TEST_F(Podman, TerminalsComeThroughItsSocket) {
    // podman may lose what a terminal says in its last moment, with any runtime: so it lasts, and is asked again.
    const auto says = [](const std::vector<std::string>& words, int status, const std::string& wanted) {
        Outcome done;
        const bool said = eventually(
            [&] {
                done = on_a_terminal(words);
                return done.status == status && done.out.find(wanted) != std::string::npos;
            },
            60);
        EXPECT_TRUE(said) << done.status << " " << done.out;
    };
    const char* line = "tty; test -c /dev/console && echo console; sleep 0.5; exit 3";
    says({"run", "--rm", "-it", "busybox", "sh", "-c", line}, 3, "/dev/pts/0\r\nconsole\r\n");
    start({"-t"});
    says({"exec", "-it", "box", "sh", "-c", "tty; sleep 0.5"}, 0, "/dev/pts/");
}

TEST_F(Podman, LimitsAreSetAndChanged) {
    start({"-m", "64m", "--pids-limit", "50", "--cpu-shares", "512", "--ulimit", "nofile=100:200"});
    const auto limits = [] {
        return podman_ok(
            {"exec", "box", "sh", "-c",
             "cd /sys/fs/cgroup; cat memory.max pids.max 2>/dev/null || "
             "(for d in memory pids; do p=$(grep :$d: /proc/self/cgroup | cut -d: -f3); "
             "cat $d/memory.limit_in_bytes $d/pids.max $d$p/memory.limit_in_bytes $d$p/pids.max 2>/dev/null | "
             "sort -n | head -1; done)"});
    };
    EXPECT_EQ(limits(), "67108864\n50\n");
    EXPECT_EQ(podman_ok({"exec", "box", "sh", "-c", "ulimit -Sn; ulimit -Hn"}), "100\n200\n");
    podman_ok({"update", "--memory", "100m", "box"});
    EXPECT_EQ(limits(), "104857600\n50\n");
}

TEST_F(Podman, UserNamespacesHaveTheirMaps) {
    const auto done = shell("cat /proc/self/uid_map | tr -s ' '; id -u; touch /made && stat -c %u /made",
                            {"--uidmap", "0:100000:5000", "--gidmap", "0:100000:5000"});
    EXPECT_EQ(done.out, " 0 100000 5000\n0\n0\n") << done.err;
}

TEST_F(Podman, ReadOnlyRootsHaveWritableCorners) {
    const auto done =
        shell("touch /x 2>/dev/null && echo wrote; echo kept > /tmp/x && cat /tmp/x; echo kept > /run/x && cat /run/x",
              {"--read-only"});
    EXPECT_EQ(done.out, "kept\nkept\n") << done.err;
}

TEST_F(Podman, ATmpfsBeginsWithWhatTheImageHas) {
    const auto done = shell(
        "grep ' /etc ' /proc/mounts | cut -d' ' -f1; [ -s /etc/passwd ] && echo copied; echo x > /etc/new && echo "
        "writable",
        {"--tmpfs", "/etc:rw"});
    EXPECT_EQ(done.out, "tmpfs\ncopied\nwritable\n") << done.err;
}

TEST_F(Podman, SeccompProfilesAreItsOwn) {
    write_file_atomic("/tmp/podman/seccomp.json",
                      R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],)"
                      R"("action":"SCMP_ACT_ERRNO","errnoRet":13}]})",
                      0644, Durable::no);
    const char* line = "mkdir /tmp/d 2>&1; grep Seccomp: /proc/self/status | cut -f2";
    EXPECT_EQ(shell(line).out, "2\n");
    const auto strict = shell(line, {"--security-opt", "seccomp=/tmp/podman/seccomp.json"});
    EXPECT_NE(strict.out.find("Permission denied"), std::string::npos) << strict.out << strict.err;
    EXPECT_EQ(shell(line, {"--security-opt", "seccomp=unconfined"}).out, "0\n");
}

TEST_F(Podman, RightsAreWhatItSays) {
    const char* line = "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status | cut -f2 | tr '\\n' ' '; id -u";
    EXPECT_EQ(shell(line, {"--cap-drop", "all"}).out, "0000000000000000 0000000000000000 0 0\n");
    EXPECT_EQ(shell(line, {"--cap-drop", "all", "--cap-add", "chown", "--security-opt", "no-new-privileges"}).out,
              "0000000000000001 0000000000000001 1 0\n");
    const auto user = shell("grep CapEff /proc/self/status | cut -f2; id -u; id -g", {"-u", "1000:1000"});
    EXPECT_EQ(user.out, "0000000000000000\n1000\n1000\n") << user.err;
    EXPECT_EQ(shell("head -c 1 /dev/kmsg 2>/dev/null | wc -c; ls -A /proc/acpi /sys/firmware 2>/dev/null | grep -v : | "
                    "grep . | wc -l")
                  .out,
              "0\n0\n");
}

TEST_F(Podman, VolumesAndFilesOfTheHostAreThere) {
    sh("mkdir -p /tmp/podman/volume && echo host > /tmp/podman/volume/file");
    const auto done = shell(
        "cat /v/file; (echo x > /v/new) 2>/dev/null && echo wrote; echo y > /named/file && cat /named/file; "
        "hostname; echo $(cat /etc/hostname); pwd",
        {"-v", "/tmp/podman/volume:/v:ro", "-v", "named:/named", "--hostname", "inside", "-w", "/tmp"});
    EXPECT_EQ(done.out, "host\ny\ninside\ninside\n/tmp\n") << done.err;
    podman_ok({"volume", "rm", "named"});
}

TEST_F(Podman, NamespacesAreShared) {
    start({"--hostname", "first"});
    const auto pids = shell("ps | grep -c '[s]leep 1000'", {"--pid", "container:box"});
    EXPECT_EQ(pids.out, "1\n") << pids.err;
    const auto host = shell("ls /proc | grep -c '^[0-9]'", {"--pid", "host"});
    EXPECT_GT(std::atoi(host.out.c_str()), 2) << host.err;
    EXPECT_EQ(shell("sysctl -n net.ipv4.ip_forward", {"--sysctl", "net.ipv4.ip_forward=1"}).out, "1\n");
    EXPECT_EQ(shell("readlink /proc/self/ns/cgroup | grep -c cgroup", {"--cgroupns", "private"}).out, "1\n");
}

TEST_F(Podman, PrivilegedMeansAllDevicesAndRights) {
    const auto done = shell(
        "[ -c /dev/kmsg ] && echo devices; (: > /proc/sys/kernel/domainname) && echo writable; "
        "mount -t tmpfs tmpfs /tmp && echo mounts",
        {"--privileged"});
    EXPECT_EQ(done.out, "devices\nwritable\nmounts\n") << done.err;
}

}  // namespace
}  // namespace hoist::test
