// SPDX-License-Identifier: Apache-2.0
// While a container's root is built, no path of an image or volume leads outside of it. SEC-05 to SEC-11
#include "base/error.h"
#include "tests/system/bundle.h"
#include "tests/system/engine_host.h"
#include "tests/system/repeatedly.h"

namespace hoist::test {
namespace {

/// A volume with a file in it, and what lies outside watched by Bundle.
class RootBuilding : public Bundle {
protected:
    RootBuilding() {
        sh("mkdir -p /tmp/volume/dir && echo mine > /tmp/volume/file && echo mine > /tmp/volume/dir/file");
    }
    ~RootBuilding() override {
        remove("c");
        remove("d");
        sh("rm -rf /tmp/volume /tmp/odd");
    }
    void bind(const std::string& source, const std::string& destination) {
        config_.mounts.push_back({destination, "bind", source, {"rbind", "rprivate"}});
    }
    /// Instead of the mount that is there by default.
    void replace(const std::string& destination, const std::string& source) {
        for (auto& mount : config_.mounts)
            if (mount.destination == destination) mount = {destination, "bind", source, {"rbind", "rprivate"}};
    }
    void link(const std::string& name, const std::string& target) {
        sh("ln -sfn " + target + " /tmp/b/rootfs/" + name);
    }
    Outcome run_second(const std::string& line) { return run({"/bin/sh", "-c", line}, "d"); }
};

// SEC-05

TEST_F(RootBuilding, AMountOnALinkLandsInside) {
    for (const char* target : {"../../../../tmp/canary", "/tmp/canary", "/tmp/canary/dir", "../../../..",
                               "/proc/1/root", "/proc/1/root/tmp/canary", "/proc/self/cwd", "/proc/self/fd/3"}) {
        for (const char* place : {"/data", "/data/sub", "/data/deeper/sub"}) {
            link("data", target);
            const auto mounts = config_.mounts;
            bind("/tmp/volume", place);
            const auto done = shell(std::string("cat ") + place +
                                    "/file; cat /tmp/canary/secret /tmp/canary/plain 2>/dev/null; true");
            // A mount over the root itself hides the program, which then cannot start.
            EXPECT_TRUE(done.status != 0 || done.out == "mine\n") << place << " -> " << target << ": " << done.out;
            config_.mounts = mounts;
        }
    }
}

TEST_F(RootBuilding, LinksThatImagesHaveAreFollowedInside) {
    sh("mkdir -p /tmp/b/rootfs/run /tmp/b/rootfs/var /tmp/b/rootfs/opt/app");
    link("var/run", "/run");
    link("var/log", "../opt/app");
    bind("/tmp/volume", "/var/run/data");
    bind("/tmp/volume/file", "/var/log/one");
    EXPECT_EQ(shell("cat /run/data/file /opt/app/one").out, "mine\nmine\n");
}

// SEC-06

TEST_F(RootBuilding, ASwappedMountPointLeadsNowhere) {
    sh("mkdir /tmp/other && echo other > /tmp/other/file");
    bind("/tmp/volume", "/vol");
    const auto shared = config_.mounts;
    for (const char* target : {"/", "../../../../../../tmp/canary"}) {
        sh(std::string("ln -sfn ") + target + " /tmp/volume/link");
        config_.mounts = shared;
        start({"/bin/hoist-inside", "swap", "/vol/dir", "/vol/link", "6"});
        bind("/tmp/other", "/vol/dir");
        bind("/tmp/other/file", "/vol/dir/deep/file");
        repeatedly(std::chrono::seconds(5), 8, 250, [&](int) {
            const auto done = run_second("cat /vol/dir/file /vol/dir/secret /vol/dir/plain 2>/dev/null; true");
            EXPECT_TRUE(done.out.empty() || done.out == "other\n" || done.out == "mine\n") << done.out;
        });
        remove("c");
        sh("rm -rf /tmp/volume/link /tmp/volume/dir; mkdir /tmp/volume/dir; echo mine > /tmp/volume/dir/file");
    }
    canary_.expect_untouched();
    sh("rm -rf /tmp/other");
}

// SEC-07

TEST_F(RootBuilding, ProcAndSysAreTheKernels) {
    sh("mkdir -p /tmp/b/rootfs/elsewhere");
    const auto is_refused = [&](const char* what) {
        const auto done = shell("true");
        EXPECT_NE(done.status, 0) << what;
        EXPECT_NE(done.err, "") << what;
    };
    for (const char* name : {"proc", "sys"}) {
        for (const char* target : {"elsewhere", "/elsewhere", "../../../../tmp/canary", "/dev/shm"}) {
            sh(std::string("rm -rf /tmp/b/rootfs/") + name);
            link(name, target);
            is_refused(target);
        }
        sh(std::string("rm /tmp/b/rootfs/") + name);
    }
    link("bent", "/proc/sys/kernel");
    const auto mounts = config_.mounts;
    for (const char* place :
         {"/proc", "/sys", "/proc/sys", "/proc/self/attr", "/proc/1/task", "/proc/../proc", "/bent"}) {
        config_.mounts = mounts;
        bind("/tmp/volume", place);
        is_refused(place);
        config_.mounts.back() = {place, "tmpfs", "tmpfs", {}};
        is_refused(place);
    }
    for (const char* place : {"/proc/sysrq-trigger", "/proc/self/attr/exec", "/proc/kcore"}) {
        config_.mounts = mounts;
        bind("/tmp/volume/file", place);
        is_refused(place);
    }
}

TEST_F(RootBuilding, WhatOthersMountOverProcAndSysHarmlesslyTheyMay) {
    bind("/tmp/volume/file", "/proc/uptime");
    config_.mounts.push_back({"/sys/kernel/debug", "tmpfs", "tmpfs", {"ro"}});
    EXPECT_EQ(shell("cat /proc/uptime; ls -A /sys/kernel/debug").out, "mine\n");
}

// SEC-08

TEST_F(RootBuilding, NoDeviceIsMadeOutside) {
    for (const char* target : {"../../../../tmp/canary/dir", "/tmp/canary/dir", "/proc/1/root/tmp/canary/dir"}) {
        sh("rm -rf /tmp/b/rootfs/dev");
        link("dev", target);
        (void)shell("true");
        sh("rm -rf /tmp/b/rootfs/dev");
        for (const char* name : {"pts", "shm", "mqueue"}) {
            sh(std::string("rm -rf /tmp/volume/* && ln -s ") + target + " /tmp/volume/" + name);
            const auto mounts = config_.mounts;
            replace("/dev", "/tmp/volume");
            config_.devices = {{"/dev/" + std::string(name) + "/node", 'c', 1, 3, 0666, 0, 0}};
            (void)shell("echo x > /dev/shm/made; true");
            config_.devices.clear();
            config_.mounts = mounts;
        }
    }
    canary_.expect_untouched();
}

TEST_F(RootBuilding, AnOrdinaryDevHasWhatItNeeds) {
    sh("mkdir -p /tmp/b/rootfs/dev/pts && echo image > /tmp/b/rootfs/dev/null");
    EXPECT_EQ(shell("for n in null zero full random urandom tty ptmx; do [ -c /dev/$n ] || echo no $n; done; "
                    "echo x > /dev/shm/file && cat /dev/shm/file")
                  .out,
              "x\n");
}

// SEC-09

constexpr const char* look_at_masks =
    "for f in /proc/keys /proc/interrupts /proc/timer_list; do [ -e $f ] && stat -c %t:%T $f; done | sort -u; "
    "(echo '|/evil' > /proc/sys/kernel/core_pattern) 2>/dev/null && echo wrote; true";

TEST_F(RootBuilding, MasksComeFromTheHostsNullDevice) {
    for (const char* target : {"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/environ"}) {
        sh(std::string("rm -rf /tmp/volume/* && mkdir /tmp/volume/pts /tmp/volume/shm /tmp/volume/mqueue && ln -s ") +
           target + " /tmp/volume/null");
        replace("/dev", "/tmp/volume");
        EXPECT_EQ(shell(look_at_masks).out, "1:3\n") << target;
    }
}

TEST_F(RootBuilding, AlsoWhileTheContainersOwnIsSwapped) {
    sh("rm -rf /tmp/volume/*; cd /tmp/volume; mkdir pts shm mqueue; : > null; ln -s /proc/sys/kernel/core_pattern "
       "link");
    const auto mounts = config_.mounts;
    bind("/tmp/volume", "/vol");
    start({"/bin/hoist-inside", "swap", "/vol/null", "/vol/link", "6"});
    config_.mounts = mounts;
    replace("/dev", "/tmp/volume");
    repeatedly(std::chrono::seconds(5), 8, 200, [&](int) { EXPECT_EQ(run_second(look_at_masks).out, "1:3\n"); });
}

TEST_F(RootBuilding, AHostWithoutANullDeviceStartsNothing) {
    config_.process.args = {"/bin/sh", "-c", "echo started"};
    save();
    const auto done = test::run({"unshare", "-m", "sh", "-c",
                                 "echo > /tmp/odd; mount --bind /tmp/odd /dev/null; exec " + runtime_program() +
                                     " --root /run/rt run -b /tmp/b c"});
    EXPECT_NE(done.status, 0);
    EXPECT_EQ(done.out, "");
    EXPECT_NE(done.err.find("not the null device"), std::string::npos) << done.err;
}

// SEC-10

TEST_F(RootBuilding, AConsoleIsATerminalOrNothing) {
    config_.process.terminal = true;
    const char* write_to_kernel =
        "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/kernel/modprobe "
        "/sys/kernel/uevent_helper; "
        "do (echo x > $f) 2>/dev/null && echo wrote $f; done; true";
    for (const char* name : {"console", "ptmx", "pts/ptmx", "tty"}) {
        for (const char* target : {"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper",
                                   "../../../../tmp/canary/plain"}) {
            sh("rm -rf /tmp/volume/*; cd /tmp/volume; mkdir pts shm mqueue; ln -s " + std::string(target) + " " + name);
            replace("/dev", "/tmp/volume");
            const auto done = shell(write_to_kernel);
            EXPECT_EQ(done.out.find("wrote"), std::string::npos) << name << " -> " << target << ": " << done.out;
        }
    }
    for (const char* target : {"/proc", "/tmp", "../../../../tmp/canary"}) {  // no devpts where it belongs
        sh("rm -rf /tmp/volume/*; cd /tmp/volume; mkdir shm mqueue; ln -s " + std::string(target) + " pts");
        (void)shell(write_to_kernel);
    }
    canary_.expect_untouched();
}

TEST_F(RootBuilding, AConsoleOnAnOrdinaryDevWorks) {
    config_.process.terminal = true;
    EXPECT_EQ(shell("tty; test -c /dev/console && echo x > /dev/console").out, "/dev/pts/0\r\nx\r\n");
}

// SEC-11

class VolumeParts : public testing::Test {
protected:
    VolumeParts() { host.need_busybox(); }
    ~VolumeParts() override {
        for (const auto& view : host.engine->list()) host.wait(host.engine->remove(view.id, true, true));
        canary.expect_untouched();
    }
    static orchestrator::ContainerSpec with_volume(const std::string& subpath) {
        orchestrator::ContainerSpec spec{.network_mode = "none"};
        spec.mounts.push_back({.source = "data", .target = "/data", .no_copy = true, .subpath = subpath});
        return spec;
    }
    /// What a container finds in a part of the volume; "refused" if it does not start.
    std::string part(const std::string& subpath) {
        try {
            return host.output("cd /data; cat file secret plain dir/file 2>/dev/null; ls -A | grep -c etc; true",
                               with_volume(subpath));
        } catch (const Error&) {
            for (const auto& view : host.engine->list())
                if (!std::holds_alternative<orchestrator::Running>(view.state))
                    host.wait(host.engine->remove(view.id, true, true));
            return "refused";
        }
    }
    EngineHost host;
    Canary canary;
};

TEST_F(VolumeParts, LieInTheVolume) {
    ASSERT_EQ(
        host.run(
            "cd /data && rm -rf * && mkdir -p part/deep && echo part > part/file && ln -s part link && ln -s /part "
            "absolute && "
            "ln -s ../../../../../../../tmp/canary up && ln -s /tmp/canary out && ln -s /proc/1/root/tmp/canary magic",
            with_volume("")),
        0);
    EXPECT_EQ(part("part"), "part\n0\n");
    EXPECT_EQ(part("link"), "part\n0\n") << "a link inside is one";
    EXPECT_EQ(part("absolute"), "part\n0\n") << "from the volume's top";
    for (const char* bad : {"part/../../../../../../../../tmp/canary", "../../../../etc", "/etc", "up", "out", "magic",
                            "up/dir", "missing"})
        EXPECT_EQ(part(bad), "refused") << bad;
}

TEST_F(VolumeParts, AreNotSwappedOnTheWay) {
    ASSERT_EQ(host.run("cd /data && rm -rf * && mkdir part && echo part > part/file && ln -s "
                       "../../../../../../../../tmp/canary link && "
                       "ln -s /tmp/canary/dir twin",
                       with_volume("")),
              0);
    auto swapper = with_volume("");
    swapper.mounts.push_back({.type = orchestrator::MountSpec::Type::bind,
                              .source = PROGRAM_DIR "/hoist-inside",
                              .target = "/inside",
                              .read_only = true});
    const auto id = host.create("/inside swap /data/part /data/link 8", "", swapper);
    host.wait(host.engine->start(id));
    repeatedly(std::chrono::seconds(7), 8, 200, [&](int) {
        const auto found = part("part");
        EXPECT_TRUE(found == "part\n0\n" || found == "refused") << found;
    });
}

}  // namespace
}  // namespace hoist::test
