// SPDX-License-Identifier: Apache-2.0
// hoist-runtime against the kernel: real containers through its command line, so that another OCI runtime can be put in
// its place (HOIST_TEST_RUNTIME=/usr/bin/crun).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "runtime/oci.h"
#include "runtime/seccomp.h"
#include "tests/support/test_host.h"

namespace hoist::runtime {
namespace {

using test::Outcome;
using test::sh;

std::string program() {
    const char* other = std::getenv("HOIST_TEST_RUNTIME");
    return other ? other : PROGRAM_DIR "/hoist-runtime";
}

/// A bundle with a busybox root, and a container made of it.
class Runtime : public testing::Test {
protected:
    Runtime() {
        config_.root_path = "rootfs";
        config_.seccomp = default_seccomp_profile(default_capabilities());
        sh("mkdir -p /tmp/b/rootfs/bin /tmp/b/rootfs/etc /tmp/b/rootfs/tmp && cp /bin/busybox /tmp/b/rootfs/bin/ && "
           "chroot /tmp/b/rootfs /bin/busybox --install -s /bin");
        write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:500:501::/home/alice:/bin/sh\n");
        write("etc/group", "root:x:0:\nalice:x:501:\nadm:x:4:alice\n");
    }
    ~Runtime() override {
        // Process 1 of the test host is this program: it inherits detached processes, and the kernel ends a pid
        // namespace only when all that were in it have been reaped.
        command({"kill", "--all", "c", "KILL"});
        for (int tries = 0; tries < 20; ++tries) {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            ::usleep(5'000);
        }
        EXPECT_EQ(command({"delete", "-f", "c"}).status, 0);
        sh("rm -rf /tmp/b /tmp/out");
    }

    void write(const std::string& name, const std::string& content) {
        write_file_atomic("/tmp/b/rootfs/" + name, content, 0644, Durable::no);
    }
    Outcome command(const std::vector<std::string>& words) {
        std::vector<std::string> line = {program(), "--root", "/run/rt"};
        line.insert(line.end(), words.begin(), words.end());
        return test::run(line, 60);
    }
    void save() { write_file_atomic("/tmp/b/config.json", to_json(config_).dump(), 0644, Durable::no); }
    /// Runs a program in a fresh container.
    Outcome run(const std::vector<std::string>& args) {
        config_.process.args = args;
        save();
        return command({"run", "-b", "/tmp/b", "c"});
    }
    Outcome shell(const std::string& line) { return run({"/bin/sh", "-c", line}); }
    void start_sleeper() {
        config_.process.args = {"/bin/sleep", "1000"};
        save();
        const auto made = command({"run", "-d", "-b", "/tmp/b", "c"});
        ASSERT_EQ(made.status, 0) << made.err;
    }

    Config config_ = default_config();
};

TEST_F(Runtime, GivesTheExitStatus) {
    EXPECT_EQ(shell("exit 0").status, 0);
    EXPECT_EQ(shell("exit 3").status, 3);
    EXPECT_EQ(shell("kill -9 $$").status, 0) << "process 1 cannot kill itself";
    EXPECT_EQ(shell("(sleep 5 & wait)& exec false").status, 1);
}

TEST_F(Runtime, SaysWhyAProgramCannotRun) {
    struct Case {
        const char* name;
        int status;
        const char* words;
    };
    write("etc/plain", "x");
    const Case cases[] = {{"nope", 127, "exec: \"nope\": executable file not found in $PATH"},
                          {"/bin/nope", 127, "exec: \"/bin/nope\": no such file or directory"},
                          {"/etc/plain", 126, "exec: \"/etc/plain\": permission denied"},
                          {"/etc", 126, "exec: \"/etc\": is a directory"}};
    for (const auto& one : cases) {
        const auto done = run({one.name});
        EXPECT_EQ(done.status, one.status) << one.name;
        EXPECT_NE(done.err.find(one.words), std::string::npos) << done.err;
    }
    EXPECT_EQ(command({"state", "c"}).status, 1) << "nothing is left of a failed start";
    EXPECT_EQ(sh("ls -d /sys/fs/cgroup/*/hoist-c 2>/dev/null || true"), "");
}

TEST_F(Runtime, GoesThroughItsLife) {
    config_.process.args = {"/bin/sleep", "1000"};
    save();
    const auto status = [&] { return Json::parse(command({"state", "c"}).out)["status"].get<std::string>(); };
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "--pid-file", "/tmp/pid", "c"}).status, 0);
    EXPECT_EQ(status(), "created");
    EXPECT_EQ(command({"create", "-b", "/tmp/b", "c"}).status, 1) << "the id is taken";
    ASSERT_EQ(command({"start", "c"}).status, 0);
    EXPECT_EQ(status(), "running");
    EXPECT_EQ(command({"delete", "c"}).status, 1) << "it runs";
    ASSERT_EQ(command({"pause", "c"}).status, 0);
    EXPECT_EQ(status(), "paused");
    ASSERT_EQ(command({"resume", "c"}).status, 0);
    EXPECT_EQ(command({"exec", "c", "/bin/sh", "-c", "echo hi; exit 7"}).status, 7);
    EXPECT_EQ(command({"ps", "--format", "json", "c"}).out, "[" + std::string(trim(read_file("/tmp/pid"))) + "]\n");
    ASSERT_EQ(command({"kill", "c", "KILL"}).status, 0);
    for (int tries = 0; tries < 200 && status() != "stopped"; ++tries) ::usleep(10'000);
    EXPECT_EQ(status(), "stopped");
    EXPECT_EQ(command({"delete", "c"}).status, 0);
    EXPECT_EQ(sh("ls -d /sys/fs/cgroup/*/hoist-c 2>/dev/null || true"), "");
}

TEST_F(Runtime, TellsOfAMissingProgramAtCreate) {
    config_.process.args = {"nope"};
    save();
    const auto created = command({"create", "-b", "/tmp/b", "c"});
    EXPECT_EQ(created.status, 127);
    EXPECT_NE(created.err.find("executable file not found"), std::string::npos) << created.err;
    EXPECT_EQ(command({"state", "c"}).status, 1);
}

TEST_F(Runtime, TellsTheStarterOfAFailedStart) {
    write("etc/broken", "no program");
    sh("chmod 755 /tmp/b/rootfs/etc/broken");
    config_.process.args = {"/etc/broken"};
    save();
    ASSERT_EQ(command({"create", "-b", "/tmp/b", "c"}).status, 0);
    const auto started = command({"start", "c"});
    EXPECT_EQ(started.status, 126);
    EXPECT_NE(started.err.find("exec format error"), std::string::npos) << started.err;
}

// SEC-03: none of the engine's descriptors is in the container.
TEST_F(Runtime, LeaksNoDescriptors) {
    std::vector<int> strays;
    for (int n = 0; n < 20; ++n) strays.push_back(::open("/", O_RDONLY | O_DIRECTORY));  // inheritable
    EXPECT_EQ(shell("ls /proc/$$/fd; true").out, "0\n1\n2\n");
    start_sleeper();
    EXPECT_EQ(command({"exec", "c", "/bin/sh", "-c", "ls /proc/$$/fd; true"}).out, "0\n1\n2\n");
    for (const int fd : strays) ::close(fd);
}

// SEC-02: a descriptor is no way out.
TEST_F(Runtime, RefusesDescriptorsAsWorkingDirectory) {
    sh("ln -s /proc/self/fd/5 /tmp/b/rootfs/link");
    for (const char* path : {"/proc/self/fd/3", "/proc/self/fd/7", "/proc/1/fd/4", "/link", "/proc/self/cwd"}) {
        config_.process.cwd = path;
        EXPECT_NE(shell("pwd").status, 0) << path;
    }
    config_.process.cwd = "/made/for/it";
    EXPECT_EQ(shell("pwd").out, "/made/for/it\n");
}

// SEC-05: links in the image are followed inside, never outside.
TEST_F(Runtime, MountsInsideTheRootOnly) {
    sh("mkdir -p /tmp/canary /tmp/volume /tmp/b/rootfs/tmp/canary && echo v > /tmp/volume/f && ln -sfn "
       "../../../../tmp/canary /tmp/b/rootfs/data");
    config_.mounts.push_back({"/data/sub", "bind", "/tmp/volume", {"rbind", "rprivate"}});
    const auto done = shell("cat /data/sub/f /tmp/canary/sub/f");
    EXPECT_EQ(done.out, "v\nv\n") << done.err;
    EXPECT_EQ(sh("ls /tmp/canary"), "");
    // The harmless twin: /var/run -> /run.
    sh("mkdir -p /tmp/b/rootfs/run /tmp/b/rootfs/var && ln -sfn /run /tmp/b/rootfs/var/run");
    config_.mounts.back().destination = "/var/run/data";
    EXPECT_EQ(shell("cat /run/data/f").out, "v\n");
}

// SEC-07, SEC-08
TEST_F(Runtime, RefusesBentSystemDirectories) {
    sh("mkdir /tmp/b/rootfs/elsewhere && ln -s elsewhere /tmp/b/rootfs/proc");
    EXPECT_NE(shell("true").status, 0);
    sh("rm /tmp/b/rootfs/proc && ln -s ../../../../tmp /tmp/b/rootfs/dev");
    (void)shell("true");
    EXPECT_EQ(sh("ls /tmp/null 2>/dev/null || true"), "") << "a node was made on the host";
    sh("rm /tmp/b/rootfs/dev");
    config_.mounts.push_back({"/proc/sys", "bind", "/tmp", {"bind"}});
    EXPECT_NE(shell("true").status, 0);
    config_.mounts.back() = {"/proc", "bind", "/tmp", {"bind"}};
    EXPECT_NE(shell("true").status, 0);
}

// SEC-12
TEST_F(Runtime, MasksTheKernelsFiles) {
    const std::string probe =
        "for f in /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/timer_list "
        "/proc/timer_stats; do [ -e $f ] && head -c 1 $f; done;"
        "for d in /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do ls -A $d "
        "2>/dev/null; done;"
        "for f in /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/sysrq-trigger /proc/bus/x /proc/irq/x "
        "/sys/x "
        "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/x; do (echo 1 > $f) 2>/dev/null && echo wrote $f; "
        "done; true";
    EXPECT_EQ(shell(probe).out, "");
    start_sleeper();
    EXPECT_EQ(command({"exec", "c", "/bin/sh", "-c", probe}).out, "");
}

// SEC-15
TEST_F(Runtime, OpensOnlyItsOwnDevices) {
    const auto done = shell(
        "for d in 'b 8 0' 'c 1 1' 'c 10 229' 'c 1 11'; do mknod /tmp/d $d && (exec 3</tmp/d) 2>/dev/null && echo "
        "opened $d; "
        "rm -f /tmp/d; done; head -c 1 /dev/zero | wc -c");
    EXPECT_EQ(done.out, "1\n") << done.err;
}

constexpr const char* show_capabilities = "grep -E '^Cap|^NoNew' /proc/self/status | tr -d '\\t\\n'";

// SEC-16
TEST_F(Runtime, HasExactlyItsCapabilities) {
    const std::string root =
        "CapInh:0000000000000000CapPrm:00000000a80425fbCapEff:00000000a80425fbCapBnd:00000000a80425fbCapAmb:"
        "0000000000000000NoNewPrivs:0";
    const std::string user =
        "CapInh:0000000000000000CapPrm:0000000000000000CapEff:0000000000000000CapBnd:00000000a80425fbCapAmb:"
        "0000000000000000NoNewPrivs:0";
    EXPECT_EQ(shell(show_capabilities).out, root);
    start_sleeper();
    EXPECT_EQ(command({"exec", "c", "/bin/sh", "-c", show_capabilities}).out, root);
    EXPECT_EQ(command({"exec", "-u", "alice", "c", "/bin/sh", "-c", show_capabilities}).out, user);
    command({"delete", "-f", "c"});
    config_.process.user.uid = 500;
    EXPECT_EQ(shell(show_capabilities).out, user);
    config_.process.capabilities = Capabilities{};
    config_.process.user.uid = 0;
    EXPECT_EQ(shell("grep ^Cap /proc/self/status | grep -v 0000000000000000").out, "");
}

// SEC-17, SEC-18
TEST_F(Runtime, IsWhoTheImageSays) {
    config_.process.user.name = "alice";
    config_.process.user.group_names = {"77"};
    EXPECT_EQ(shell("id -u; id -G; echo $HOME").out, "500\n501 4 77\n/home/alice\n");
    for (const char* odd : {"4294967296", "-1", "0x0", "1000abc", ":", " 0"}) {
        config_.process.user.name = odd;
        const auto done = shell("id -u");
        EXPECT_NE(done.status, 0) << odd << ": " << done.out;
    }
}

// SEC-20
TEST_F(Runtime, HonoursNoNewPrivilegesAndMountFlags) {
    sh("mkdir -p /tmp/b/rootfs/suid && cp /bin/busybox /tmp/b/rootfs/suid/id && chmod 4755 /tmp/b/rootfs/suid/id");
    config_.process.user.uid = 500;
    config_.process.no_new_privileges = true;
    const auto id = shell("/suid/id -u");
    EXPECT_EQ(id.out, "500\n") << id.err;
    const auto mounts = shell("cat /proc/mounts").out;
    for (const char* line : {"proc /proc proc rw,nosuid,nodev,noexec", "sysfs /sys sysfs ro,nosuid,nodev,noexec",
                             "shm /dev/shm tmpfs rw,nosuid,nodev,noexec"})
        EXPECT_NE(mounts.find(line), std::string::npos) << line << " in\n" << mounts;
}

// SEC-01: our own program stays as it is, whatever gets hold of it.
TEST_F(Runtime, CannotBeOverwrittenFromInside) {
    const std::string before = sh("sha256sum < " + program());
    sh("printf '#!/proc/self/exe\\n' > /tmp/b/rootfs/bin/trap && chmod 755 /tmp/b/rootfs/bin/trap");
    config_.process.capabilities->bounding |= 1u << 19;  // CAP_SYS_PTRACE: may look at every process it sees
    config_.process.capabilities->permitted = config_.process.capabilities->effective =
        config_.process.capabilities->bounding;
    (void)run({"/bin/trap"});
    start_sleeper();
    sh(program() +
       " --root /run/rt exec -d c /bin/sh -c '"
       "i=0; while [ $i -lt 400 ]; do i=$((i+1)); for p in /proc/[0-9]*; do "
       "readlink $p/exe | grep -q runtime && (echo x >> $p/exe) 2>/dev/null && echo wrote >> /tmp/hit; done; done; "
       "touch /tmp/done'");
    for (int n = 0; n < 30; ++n) (void)command({"exec", "c", "/bin/trap"});
    for (int n = 0; n < 30; ++n) (void)command({"exec", "c", "/bin/true"});
    EXPECT_EQ(sh("cat /tmp/b/rootfs/tmp/hit 2>/dev/null || true"), "");
    EXPECT_EQ(sh("sha256sum < " + program()), before);
}

TEST_F(Runtime, SetsLimits) {
    config_.resources.memory_limit = 32 << 20;
    config_.resources.pids_limit = 20;
    config_.process.rlimits = {{"RLIMIT_NOFILE", 100, 200}};
    EXPECT_EQ(shell("ulimit -Sn; ulimit -Hn").out, "100\n200\n");
    start_sleeper();
    const auto limits = [&] {
        return command(
                   {"exec", "c", "/bin/sh", "-c",
                    "cd /sys/fs/cgroup; if [ -d memory ]; then cat memory/memory.limit_in_bytes pids/pids.max; else "
                    "cat memory.max pids.max; fi"})
            .out;
    };
    EXPECT_EQ(limits(), "33554432\n20\n");
    ASSERT_EQ(command({"update", "--memory", "48m", "c"}).status, 0);
    EXPECT_EQ(limits(), "50331648\n20\n");
    EXPECT_EQ(command({"exec", "c", "/bin/sh", "-c", "tail -c 200m /dev/zero"}).status, 137) << "over its memory limit";
}

TEST_F(Runtime, HasATerminal) {
    config_.process.terminal = true;
    const auto done = shell("tty; test -t 0 && test -c /dev/console && echo yes");
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out, "/dev/pts/0\r\nyes\r\n");
}

TEST_F(Runtime, RunsHooksInOrder) {
    const auto hook = [](const std::string& name) {
        return Hook{"/bin/sh", {"sh", "-c", "echo " + name + " >> /tmp/out"}, {}, {}};
    };
    config_.hooks.create_runtime = {hook("createRuntime"), hook("second")};
    config_.hooks.poststart = {hook("poststart")};
    config_.hooks.poststop = {hook("poststop")};
    EXPECT_EQ(shell("true").status, 0);
    EXPECT_EQ(read_file("/tmp/out"), "createRuntime\nsecond\npoststart\npoststop\n");
}

TEST_F(Runtime, AppliesSysctlsOfItsOwnNamespacesOnly) {
    config_.sysctl["net.ipv4.ip_forward"] = "1";
    EXPECT_EQ(shell("cat /proc/sys/net/ipv4/ip_forward").out, "1\n");
    config_.sysctl["kernel.core_pattern"] = "|/evil";
    EXPECT_NE(shell("true").status, 0);
}

}  // namespace
}  // namespace hoist::runtime
