// SPDX-License-Identifier: Apache-2.0
// The host's kernel cannot be reached through procfs, sysfs, cgroups and devices. SEC-12 to SEC-15
#include <set>

#include "tests/support/hoist_host.h"
#include "tests/system/bundle.h"

namespace hoist::test {
namespace {

class KernelKnobs : public Bundle {
protected:
    /// The same in the first process, in a further one, and in what the daemon runs.
    void expect_everywhere(const std::string& line, const std::string& out) {
        const auto first = shell(line);
        EXPECT_EQ(first.out, out) << "run: " << first.err;
        start_sleeper();
        EXPECT_EQ(exec(line).out, out) << "exec";
        remove("c");
        import_busybox();
        EXPECT_EQ(hoist_ok({"run", "--rm", "--network", "none", "-v", PROGRAM_DIR "/hoist-inside:/bin/hoist-inside:ro",
                            "busybox", "sh", "-c", line}),
                  out)
            << "the daemon";
        stop_daemon();
    }
};

// SEC-12

TEST_F(KernelKnobs, WhatTellsOfTheHostIsMasked) {
    expect_everywhere(
        "for f in interrupts kcore keys latency_stats sched_debug timer_list timer_stats; do "
        "[ -e /proc/$f ] && head -c 1 /proc/$f; done; "
        "for d in /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap "
        "/sys/devices/system/cpu/cpu*/thermal_throttle; do ls -A $d 2>/dev/null; done; true",
        "");
}

TEST_F(KernelKnobs, NothingOfTheKernelIsWritable) {
    expect_everywhere(
        "hoist-inside writable /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger /proc/acpi "
        "/proc/scsi /sys",
        "");
}

TEST_F(KernelKnobs, AProcessesOwnFilesAre) {
    EXPECT_EQ(
        shell("echo name > /proc/self/comm && echo 500 > /proc/self/oom_score_adj && cat /proc/self/oom_score_adj").out,
        "500\n");
}

// SEC-13

TEST_F(KernelKnobs, NoReleaseAgentCanBeSet) {
    const std::string attempt =
        "mkdir -p /tmp/cg; for what in 'cgroup -o memory' 'cgroup -o rdma' 'cgroup -o none,name=x' cgroup2; do "
        "mount -t $what x /tmp/cg 2>/dev/null && echo mounted; done; "
        "(unshare -UrmC true) 2>/dev/null && echo unshared; (unshare -m true) 2>/dev/null && echo unshared; "
        "for f in $(find /sys/fs/cgroup -name release_agent -o -name notify_on_release -o -name cgroup.procs); do "
        "(echo 1 > $f) 2>/dev/null && echo wrote $f; done; "
        "mkdir /sys/fs/cgroup/x 2>/dev/null && echo made; mkdir /sys/fs/cgroup/memory/x 2>/dev/null && echo made; "
        "mount -o remount,rw /sys/fs/cgroup 2>/dev/null && echo remounted; true";
    expect_everywhere(attempt, "");
    config_.seccomp = Json();  // the filter is one wall, the missing capability another
    EXPECT_EQ(shell("mkdir -p /tmp/cg; mount -t cgroup -o memory x /tmp/cg 2>/dev/null && echo mounted; "
                    "unshare -m true 2>/dev/null && echo unshared; mount -o remount,rw /sys/fs/cgroup 2>/dev/null && "
                    "echo remounted; true")
                  .out,
              "");
}

// SEC-14

TEST_F(KernelKnobs, NoHelperOfTheHostCanBeNamed) {
    expect_everywhere(
        "for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hotplug "
        "/sys/kernel/uevent_helper /proc/sys/fs/binfmt_misc/register /proc/sys/fs/binfmt_misc/status "
        "/proc/sys/vm/panic_on_oom /sys/kernel/mm/transparent_hugepage/enabled; do "
        "(echo x > $f) 2>/dev/null && echo wrote $f; done; "
        "for t in binfmt_misc bpf debugfs tracefs securityfs configfs proc sysfs tmpfs; do "
        "mount -t $t x /mnt 2>/dev/null && echo mounted $t; done; "
        "ls -A /sys/kernel/debug /sys/kernel/tracing /sys/fs/bpf 2>/dev/null | grep -v : | grep .; true",
        "");
}

// SEC-15

const std::set<std::string> harmless_devices = {"c 1:3", "c 1:5", "c 1:7", "c 1:8",   "c 1:9",
                                                "c 5:0", "c 5:1", "c 5:2", "c 136:0", "c 10:200"};

void expect_harmless_devices(const std::string& list) {
    EXPECT_NE(list.find("c 1:3\n"), std::string::npos) << list;
    for (const auto& line : split(trim(list), '\n')) EXPECT_TRUE(harmless_devices.count(line)) << line;
}

TEST_F(KernelKnobs, OnlyItsOwnDevicesOpen) {
    expect_harmless_devices(shell("cd /dev && hoist-inside devices").out);
    start_sleeper();
    expect_harmless_devices(exec("cd /dev && hoist-inside devices").out);
    EXPECT_EQ(
        exec(
            "for f in $(find /sys/fs/cgroup -name 'devices.*'); do (echo a > $f) 2>/dev/null && echo wrote; done; true")
            .out,
        "");
}

TEST_F(KernelKnobs, AHostsNodeThatIsBoundInStaysShut) {
    sh("mkdir -p /var/lib/hoist/nodes && cd /var/lib/hoist/nodes && mknod memory c 1 1 && mknod disk b 8 0 && mknod "
       "zero c 1 5");
    config_.mounts.push_back({"/nodes", "bind", "/var/lib/hoist/nodes", {"rbind", "dev"}});
    const auto done = shell(
        "for n in memory disk; do (exec 3</nodes/$n) 2>/dev/null && echo opened $n; done; "
        "head -c 1 /nodes/zero | wc -c");
    EXPECT_EQ(done.out, "1\n") << done.err;
    sh("rm -r /var/lib/hoist/nodes");
}

TEST_F(KernelKnobs, ADeviceOpensAsFarAsItIsGiven) {
    allow(34);  // CAP_SYSLOG, which the kernel's log asks for beside the device rule
    const char* line =
        "(exec 3</dev/given) 2>/dev/null && echo to read; (exec 3>/dev/given) 2>/dev/null && echo to write; true";
    config_.devices.push_back({"/dev/given", 'c', 1, 11, 0600, 0, 0});
    EXPECT_EQ(shell(line).out, "");
    config_.resources.devices.push_back({true, 'c', 1, 11, "r"});
    EXPECT_EQ(shell(line).out, "to read\n");
    config_.resources.devices.push_back({true, 'c', 1, 11, "rw"});
    EXPECT_EQ(shell(line).out, "to read\nto write\n");
}

}  // namespace
}  // namespace hoist::test
