// SPDX-License-Identifier: Apache-2.0
// Containers in user namespaces.
#include "runtime/cgroup.h"
#include "runtime/namespaces.h"
#include "tests/system/runtime_bundle.h"

namespace hoist::runtime::test {
namespace {

class RuntimeUserns : public RuntimeBundle {
protected:
    RuntimeUserns() {
        config_.namespaces.push_back({NamespaceType::user, ""});
        config_.uid_mappings = {{0, 100000, 65536}};
        config_.gid_mappings = {{0, 200000, 65536}};
        config_.sysctl["net.ipv4.ping_group_range"] = "0 65535";  // groups of the host make no sense inside
        sh("chown -R 100000:200000 /tmp/b/rootfs");
    }
    std::string look(const std::string& line) {
        const auto done = shell(line);
        EXPECT_EQ(done.status, 0) << done.err;
        return done.out;
    }
};

TEST_F(RuntimeUserns, RootInsideIsNobodyOutside) {
    EXPECT_EQ(look("id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '"),
              "0\n0\n 0 100000 65536\n 0 200000 65536\n");
    start_sleeper();
    const std::string pid = state_of()["pid"].dump();
    EXPECT_EQ(sh("stat -c %u:%g /proc/" + pid), "100000:200000\n");
    EXPECT_EQ(exec("id -u; touch /tmp/made; readlink /proc/self/ns/user").out,
              "0\n" + sh("readlink /proc/" + pid + "/ns/user"));
    EXPECT_EQ(sh("stat -c %u:%g /tmp/b/rootfs/tmp/made"), "100000:200000\n");
}

TEST_F(RuntimeUserns, HasItsDevicesAndFileSystems) {
    config_.devices = {{"/dev/extra", 'c', 1, 3, 0640, 5, 6}};
    EXPECT_EQ(look("echo x > /dev/null && head -c1 /dev/zero | wc -c; stat -c '%u:%g %a' /dev/extra; "
                   "for t in proc sysfs tmpfs mqueue devpts; do grep -q \" $t \" /proc/self/mountinfo || echo no $t; "
                   "done; ls /sys/class/net; hostname"),
              "1\n5:6 640\nlo\nc\n");
}

TEST_F(RuntimeUserns, MayDoThingsInItsOwnNamespacesOnly) {
    config_.process.capabilities->bounding = all_capabilities();
    config_.process.capabilities->permitted = all_capabilities();
    config_.process.capabilities->effective = all_capabilities();
    EXPECT_EQ(look("ip link add d0 type bridge && echo network; mount -t tmpfs tmpfs /mnt 2>/dev/null || "
                   "(mkdir -p /mnt; mount -t tmpfs tmpfs /mnt) && echo mount; hostname other && hostname; "
                   "mknod /tmp/raw b 8 0 2>/dev/null || echo no device; "
                   "echo 1 2>/dev/null > /proc/sysrq-trigger || echo no sysrq"),
              "network\nmount\nother\nno device\nno sysrq\n");
}

TEST_F(RuntimeUserns, BecomesAnotherUserInside) {
    config_.process.user.uid = 500;
    config_.process.user.gid = 501;
    config_.process.user.additional_gids = {4};
    EXPECT_EQ(look("id -u; id -g; id -G"), "500\n501\n501 4\n");
    config_.process.user.uid = 70000;
    const auto done = shell("true");
    EXPECT_EQ(done.status, 1) << "no such id inside";
}

TEST_F(RuntimeUserns, BindsTheHostsFilesAsTheyAre) {
    sh("mkdir -p /tmp/out/secret && echo deep > /tmp/out/secret/file && chmod 700 /tmp/out");
    config_.mounts.push_back({"/m", "bind", "/tmp/out/secret", {"rbind"}});
    EXPECT_EQ(look("cat /m/file; stat -c %u /m/file; touch /m/x 2>/dev/null || echo not mine"),
              "deep\n65534\nnot mine\n")
        << "the way to the source is the host's matter, the rights are the file's";
    config_.mounts.back().options.push_back("idmap");
    const auto done = shell("stat -c %u:%g /m/file; touch /m/x && echo mine");
    if (done.err.find("cannot be mounted with other ids") != std::string::npos) GTEST_SKIP() << done.err;
    EXPECT_EQ(done.out, "0:0\nmine\n") << done.err;
    EXPECT_EQ(sh("stat -c %u:%g /tmp/out/secret/x"), "0:0\n");
}

TEST_F(RuntimeUserns, KeepsItsLimitsAndHooks) {
    config_.process.rlimits = {{"RLIMIT_NOFILE", 100, 200}};
    config_.process.oom_score_adj = 300;
    config_.sysctl = {{"net.ipv4.ip_forward", "1"}, {"kernel.shmmni", "99"}};
    config_.hooks.create_runtime = {{"/bin/sh", {"sh", "-c", "id -u > /tmp/out"}, {}, {}}};
    config_.hooks.start_container = {{"/bin/sh", {"sh", "-c", "id -u > /tmp/hook"}, {"PATH=/bin"}, {}}};
    EXPECT_EQ(look("ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_forward "
                   "/proc/sys/kernel/shmmni /tmp/hook"),
              "100\n200\n300\n1\n99\n0\n");
    EXPECT_EQ(read_file("/tmp/out"), "0\n") << "the runtime's hooks are the host's";
}

TEST_F(RuntimeUserns, GetsATerminal) {
    config_.process.terminal = true;
    save_program({"/bin/sh", "-c", "tty; stat -c %u /dev/console /dev/pts/0"});
    const auto done = hoist::test::run({"script", "-qec", program() + " --root /run/rt run -b /tmp/b c", "/dev/null"});
    EXPECT_EQ(done.status, 0) << done.out;
    EXPECT_NE(done.out.find("/dev/pts/0\r\n"), std::string::npos) << done.out;
    EXPECT_NE(done.out.find("0\r\n0\r\n"), std::string::npos) << done.out;
}

TEST_F(RuntimeUserns, JoinsAnothersUserNamespace) {
    start_sleeper("first");
    const std::string ns = "/proc/" + state_of("first")["pid"].dump() + "/ns/";
    for (auto& one : config_.namespaces) {
        if (one.type == NamespaceType::user || one.type == NamespaceType::network) one.path = ns + proc_name(one.type);
        if (one.type == NamespaceType::pid) one.path = ns + "pid";
    }
    config_.uid_mappings.clear();
    config_.gid_mappings.clear();
    config_.sysctl.clear();
    EXPECT_EQ(look("for n in user net pid; do readlink /proc/self/ns/$n; done; id -u; cat /proc/1/comm"),
              sh("for n in user net pid; do readlink " + ns + "$n; done") + "0\nsleep\n");
}

TEST_F(RuntimeUserns, TimeAndUserTogether) {
    config_.namespaces.push_back({NamespaceType::time, ""});
    config_.time_offsets = {{"boottime", {1000000, 0}}};
    EXPECT_EQ(look("test $(cut -d. -f1 /proc/uptime) -gt 999999 && echo later"), "later\n");
}

TEST_F(RuntimeUserns, CreatedByOneStartedByAnother) {
    save_program({"/bin/sh", "-c", "echo x > /tmp/ran; sleep 1000"});
    const auto made = command({"create", "-b", "/tmp/b", "c"});
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(status_of(), "created");
    ASSERT_EQ(command({"start", "c"}).status, 0);
    EXPECT_TRUE(becomes("running"));
    save_program({"/bin/nothing"});
    EXPECT_NE(command({"run", "-d", "-b", "/tmp/b", "d"}).err.find("no such file"), std::string::npos);
}

TEST_F(RuntimeUserns, HandsItsCgroupOverOnV2) {
    if (CgroupLayout::host().mode != CgroupMode::v2) GTEST_SKIP() << "delegation is for v2";
    for (auto& mount : config_.mounts) {
        if (mount.type == "cgroup") std::erase(mount.options, "ro");
    }
    EXPECT_EQ(look("mkdir /sys/fs/cgroup/below && echo made"), "made\n");
}

}  // namespace
}  // namespace hoist::runtime::test
