// SPDX-License-Identifier: Apache-2.0
// Who a process in a container is and what it may do: exactly what was said, never root by accident. SEC-16 to SEC-18,
// SEC-20
#include "tests/support/hoist_host.h"
#include "tests/system/bundle.h"

namespace hoist::test {
namespace {

class Identity : public Bundle {
protected:
    /// The capability sets of a process, as "Inh Prm Eff Bnd Amb".
    static constexpr const char* sets = "grep ^Cap /proc/self/status | cut -f2 | tr '\\n' ' '";
};

constexpr const char* none = "0000000000000000 ";
constexpr const char* usual = "00000000a80425fb ";

std::string five(const char* inheritable, const char* permitted, const char* effective, const char* bounding) {
    return std::string(inheritable) + permitted + effective + bounding + none;
}

// SEC-16

TEST_F(Identity, CapabilitiesAreExactlyTheConfigured) {
    const auto root = five(none, usual, usual, usual), user = five(none, none, none, usual);
    EXPECT_EQ(shell(sets).out, root);
    start_sleeper();
    EXPECT_EQ(exec(sets).out, root);
    EXPECT_EQ(command({"exec", "-u", "alice", "c", "/bin/sh", "-c", sets}).out, user);
    EXPECT_EQ(command({"exec", "-u", "1234:5678", "c", "/bin/sh", "-c", sets}).out, user);
    remove("c");
    config_.process.user.uid = 500;
    EXPECT_EQ(shell(sets).out, user);
    start_sleeper();
    EXPECT_EQ(exec(sets).out, user);
    EXPECT_EQ(command({"exec", "-u", "0", "c", "/bin/sh", "-c", sets}).out, root);
}

TEST_F(Identity, DroppingAllLeavesNone) {
    config_.process.capabilities = runtime::Capabilities{};
    use_profile();
    const auto nothing = five(none, none, none, none);
    EXPECT_EQ(shell(sets).out, nothing);
    start_sleeper();
    EXPECT_EQ(exec(sets).out, nothing);
    EXPECT_EQ(command({"exec", "-u", "alice", "c", "/bin/sh", "-c", sets}).out, nothing);
}

TEST_F(Identity, TheDaemonsContainersHaveNoMore) {
    import_busybox();
    const auto root = five(none, usual, usual, usual), user = five(none, none, none, usual);
    const auto with = [&](std::vector<std::string> options) {
        std::vector<std::string> words = {"run", "--rm", "--network", "none"};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(words.end(), {"busybox", "sh", "-c", sets});
        return hoist_ok(words);
    };
    EXPECT_EQ(with({}), root);
    EXPECT_EQ(with({"-u", "1000"}), user);
    EXPECT_EQ(with({"--cap-drop", "ALL"}), five(none, none, none, none));
    EXPECT_EQ(with({"--cap-drop", "ALL", "--cap-add", "CHOWN"}),
              five(none, "0000000000000001 ", "0000000000000001 ", "0000000000000001 "));
    hoist_ok({"run", "-d", "--name", "web", "--network", "none", "busybox", "sleep", "1000"});
    EXPECT_EQ(hoist_ok({"exec", "-T", "web", "sh", "-c", sets}), root);
    EXPECT_EQ(hoist_ok({"exec", "-T", "-u", "1000", "web", "sh", "-c", sets}), user);
    hoist_ok({"rm", "-f", "web"});
    stop_daemon();
}

TEST_F(Identity, AFileWithCapabilitiesGivesNoMoreThanTheBoundingSet) {
    sh("cp /bin/busybox /tmp/b/rootfs/bin/special && setcap cap_sys_admin,cap_net_admin=ep /tmp/b/rootfs/bin/special "
       "|| "
       "rm -f /tmp/b/rootfs/bin/special");
    if (!read_file_if_exists("/tmp/b/rootfs/bin/special")) GTEST_SKIP() << "this file system keeps no capabilities";
    config_.process.user.uid = 500;
    const auto done = shell("special grep CapEff /proc/self/status; true");
    EXPECT_EQ(done.out.find("1000"), std::string::npos) << done.out;
}

// SEC-17

TEST_F(Identity, GroupsAreTheImages) {
    write("etc/group", "root:x:0:\nalice:x:501:\nadm:x:4:alice\nsecret:x:600:\nmore:x:601:bob,alice\n");
    write("kept", "kept from the group\n");
    sh("chown 0:600 /tmp/b/rootfs/kept && chmod 0604 /tmp/b/rootfs/kept");
    config_.process.user.name = "alice";
    EXPECT_EQ(shell("id -G; cat /kept").out, "501 4 601\nkept from the group\n")
        << "not a member: others' rights count";
    config_.process.user.group_names = {"secret"};
    const auto member = shell("id -G; cat /kept");
    EXPECT_EQ(member.out, "501 4 600 601\n") << "a member is kept out";
    config_.process.user.group_names = {"77", "alice"};
    EXPECT_EQ(shell("id -G").out, "501 4 77 601\n");
    config_.process.user.group_names = {"nosuchgroup"};
    EXPECT_NE(shell("true").status, 0);
}

TEST_F(Identity, NoneOfTheEnginesGroupsIsLeft) {
    config_.process.args = {"/bin/sh", "-c", "id -G"};
    config_.process.user = {.uid = 500, .gid = 501};
    save();
    const auto done = test::run({"setpriv", "--groups", "0,4,27,999", "--", runtime_program(), "--root", "/run/rt",
                                 "run", "-b", "/tmp/b", "c"});
    EXPECT_EQ(done.out, "501\n") << done.err;
}

// SEC-18

TEST_F(Identity, OddUserStringsAreErrors) {
    write("etc/passwd",
          "root:x:0:0:root:/root:/bin/sh\nalice:x:500:501::/home/alice:/bin/sh\n1000:x:0:0::/:/bin/sh\n"
          "bad:x:notanumber:0::/:/bin/sh\nhuge:x:4294967296:0::/:/bin/sh\nminus:x:-1:0::/:/bin/sh\nempty:x:::/:/bin/"
          "sh\n");
    for (const char* odd : {"4294967296", "4294967295",   "18446744073709551616",
                            "-1",         "-0",           "+0",
                            "0x0",        "1000abc",      ":",
                            "::",         " 0",           "0 ",
                            "0:",         ":0",           "0:0x0",
                            "0:-1",       "0:4294967296", "bad",
                            "huge",       "minus",        "empty",
                            "nosuch",     "alice:nosuch", "\n0",
                            "root\n"}) {
        config_.process.user.name = odd;
        const auto done = shell("id -u; id -g");
        EXPECT_TRUE(done.status != 0 && done.out.empty()) << '"' << odd << "\": " << done.out;
        EXPECT_NE(done.err, "") << odd;
    }
}

TEST_F(Identity, NumbersAreNumbersAndNamesNames) {
    write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:500:501::/home/alice:/bin/sh\n1000:x:0:0::/:/bin/sh\n");
    for (const auto& [user, ids] : {std::pair{"alice", "500 501"},
                                    {"1000", "1000 0"},
                                    {"2147483647", "2147483647 0"},
                                    {"500", "500 501"},
                                    {"1000:7", "1000 7"},
                                    {"alice:adm", "500 4"},
                                    {"007", "7 0"},
                                    {"root", "0 0"},
                                    {"0:0", "0 0"}}) {
        config_.process.user.name = user;
        const auto done = shell("echo $(id -u) $(id -g)");
        EXPECT_EQ(done.out, std::string(ids) + "\n") << user << done.err;
    }
}

TEST_F(Identity, TheDaemonIsAsStrict) {
    import_busybox();
    for (const char* odd : {"4294967296", "-1", "0x0", "1000abc", " 0", "nosuch"}) {
        const auto done =
            hoist({"run", "--rm", "--network", "none", std::string("--user=") + odd, "busybox", "id", "-u"});
        EXPECT_NE(done.status, 0) << odd;
        EXPECT_EQ(done.out, "") << odd;
    }
    stop_daemon();
}

// SEC-20

TEST_F(Identity, NoNewPrivilegesMeansNoNewPrivileges) {
    sh("mkdir /tmp/b/rootfs/suid && cd /tmp/b/rootfs/suid && cp ../bin/hoist-inside . && chmod 6755 hoist-inside");
    // The runtime's own root is on a file system that knows setuid; /tmp of the test host does not.
    sh("rm -rf /var/lib/hoist/b && cp -a /tmp/b /var/lib/hoist/b");
    config_.root_path = "/var/lib/hoist/b/rootfs";
    config_.process.user.uid = 500;
    EXPECT_EQ(shell("/suid/hoist-inside user").out, "0\n") << "the harmless twin: without it, setuid works";
    config_.process.no_new_privileges = true;
    EXPECT_EQ(shell("/suid/hoist-inside user; grep NoNewPrivs /proc/self/status | cut -f2").out, "500\n1\n");
    start_sleeper();
    EXPECT_EQ(command({"exec", "-u", "500", "c", "/bin/sh", "-c",
                       "/suid/hoist-inside user; grep NoNewPrivs /proc/self/status | cut -f2"})
                  .out,
              "500\n1\n");
    remove("c");
    sh("rm -rf /var/lib/hoist/b");
}

TEST_F(Identity, MountsHaveTheirFlags) {
    const auto mounts = shell("cut -d' ' -f2,3,4 /proc/mounts").out;
    const auto flags = [&](const std::string& place) {
        const auto at = mounts.find("\n" + place + " ");
        return at == std::string::npos ? "" : "," + mounts.substr(at + 1, mounts.find('\n', at + 1) - at - 1) + ",";
    };
    const struct {
        const char* place;
        std::vector<const char*> flags;
    } expected[] = {{"/proc", {"nosuid", "nodev", "noexec"}},
                    {"/dev", {"nosuid"}},
                    {"/dev/pts", {"nosuid", "noexec"}},
                    {"/dev/shm", {"nosuid", "nodev", "noexec"}},
                    {"/dev/mqueue", {"nosuid", "nodev", "noexec"}},
                    {"/sys", {"ro", "nosuid", "nodev", "noexec"}},
                    {"/proc/sys", {"ro", "nosuid"}},
                    {"/sys/fs/cgroup", {"ro", "nosuid", "nodev", "noexec"}}};
    for (const auto& one : expected) {
        const std::string all = flags(one.place);
        for (const char* flag : one.flags) {
            const bool has = all.find(std::string(",") + flag + ",") != std::string::npos ||
                             all.find(std::string(" ") + flag + ",") != std::string::npos;
            EXPECT_TRUE(has) << one.place << " without " << flag << ": " << all;
        }
    }
}

}  // namespace
}  // namespace hoist::test
