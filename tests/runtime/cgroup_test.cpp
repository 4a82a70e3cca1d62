// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup.h"

#include "base/error.h"
#include "runtime/cgroup_limits.h"
#include "tests/support/temp_dir.h"

namespace hoist::runtime {
namespace {

CgroupLayout layout_of(const std::string& mountinfo, const std::string& own) {
    const test::TempDir root;
    root.write("proc/self/mountinfo", mountinfo);
    root.write("proc/self/cgroup", own);
    auto layout = CgroupLayout::detect(root.path());
    for (auto& one : layout.hierarchies) one.mount_point.erase(0, root.path().size());
    return layout;
}

constexpr const char* v1_mounts =
    "20 1 8:1 / / rw,relatime - ext4 /dev/vda rw\n"
    "31 20 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 20 0:28 / /sys/fs/cgroup/me\\040mory rw - cgroup cgroup rw,memory\n"
    "33 20 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd\n";

TEST(CgroupLayout, ReadsV1) {
    const auto layout = layout_of(v1_mounts, "4:memory:/a/b\n3:cpuacct,cpu:/c\n1:name=systemd:/\n");
    EXPECT_EQ(layout.mode, CgroupMode::v1);
    ASSERT_EQ(layout.hierarchies.size(), 3u);
    EXPECT_EQ(layout.hierarchies[0].controllers, "cpu,cpuacct");
    EXPECT_EQ(layout.hierarchies[0].own_path, "/c");
    EXPECT_EQ(layout.hierarchies[1].mount_point, "/sys/fs/cgroup/me mory");
    EXPECT_EQ(layout.hierarchies[1].own_path, "/a/b");
    EXPECT_EQ(layout.hierarchies[2].controllers, "name=systemd");
}

TEST(CgroupLayout, ReadsHybridAndV2) {
    const std::string v2_mount = "40 20 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    EXPECT_EQ(layout_of(v1_mounts + v2_mount, "0::/\n").mode, CgroupMode::hybrid);
    const auto v2 = layout_of(v2_mount, "0::/user.slice\n");
    EXPECT_EQ(v2.mode, CgroupMode::v2);
    ASSERT_EQ(v2.hierarchies.size(), 1u);
    EXPECT_EQ(v2.hierarchies[0].controllers, "");
    EXPECT_EQ(v2.hierarchies[0].own_path, "/user.slice");
}

TEST(LimitWrites, SayTheSameOnBothVersions) {
    Resources r;
    r.memory_limit = 64 << 20;
    r.memory_swap = 128 << 20;
    r.cpu_shares = 1024;
    r.cpu_quota = 50000;
    r.pids_limit = 100;
    using W = CgroupWrite;
    EXPECT_EQ(limit_writes(CgroupMode::v1, r),
              (std::vector<W>{{"memory", "memory.limit_in_bytes", "67108864"},
                              {"memory", "memory.memsw.limit_in_bytes", "134217728", true},
                              {"cpu", "cpu.shares", "1024"},
                              {"cpu", "cpu.cfs_quota_us", "50000"},
                              {"pids", "pids.max", "100"}}));
    EXPECT_EQ(limit_writes(CgroupMode::v2, r), (std::vector<W>{{"memory", "memory.max", "67108864"},
                                                               {"memory", "memory.swap.max", "67108864", true},
                                                               {"cpu", "cpu.weight", "100"},
                                                               {"cpu", "cpu.max", "50000 100000"},
                                                               {"pids", "pids.max", "100"}}));
    r.memory_swap = 1;
    EXPECT_THROW(limit_writes(CgroupMode::v2, r), Error);
}

TEST(LimitWrites, NothingAskedNothingWritten) {
    EXPECT_TRUE(limit_writes(CgroupMode::v1, {}).empty());
    EXPECT_TRUE(limit_writes(CgroupMode::v2, {}).empty());
}

TEST(CpuWeight, FollowsTheCurve) {
    EXPECT_EQ(cpu_weight(2), 1u);
    EXPECT_EQ(cpu_weight(1024), 100u);
    EXPECT_EQ(cpu_weight(262144), 10000u);
}

TEST(DeviceRules, DefaultsComeLastAndOnce) {
    EXPECT_TRUE(with_default_devices({}).empty());
    const auto docker = default_config().resources.devices;
    EXPECT_EQ(with_default_devices(docker).size(), docker.size());
    const auto rules = with_default_devices({{false, 'a', -1, -1, "rwm"}});
    EXPECT_EQ(device_rule_line(rules[0]), "a");
    EXPECT_EQ(rules.size(), 12u);
    EXPECT_EQ(device_rule_line({true, 'c', 136, -1, "rw"}), "c 136:* rw");
}

}  // namespace
}  // namespace hoist::runtime
