// SPDX-License-Identifier: Apache-2.0
// Keys of config.json, each by what the container sees of it.
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>

#include <thread>

#include "base/error.h"
#include "runtime/cgroup.h"
#include "runtime/namespaces.h"
#include "tests/system/runtime_bundle.h"

namespace hoist::runtime::test {
namespace {

class RuntimeConfig : public RuntimeBundle {
protected:
    /// The output of a shell line in a fresh container, which must go well.
    std::string look(const std::string& line) {
        const auto done = shell(line);
        EXPECT_EQ(done.status, 0) << done.err;
        return done.out;
    }
    /// The container is refused, in these words.
    void expect_refused(const std::string& words) {
        const auto done = shell("true");
        EXPECT_EQ(done.status, 1) << words;
        EXPECT_NE(done.err.find(words), std::string::npos) << done.err;
        EXPECT_EQ(command({"list", "-q"}).out, "") << words;
    }
    void drop(NamespaceType type) {
        std::erase_if(config_.namespaces, [&](const Namespace& one) { return one.type == type; });
    }
    void join(NamespaceType type, const std::string& path) {
        drop(type);
        config_.namespaces.push_back({type, path});
    }
    static std::string pid_of(const std::string& id) { return state_of(id)["pid"].dump(); }
};

TEST_F(RuntimeConfig, SchedulesAsAsked) {
    config_.process.scheduler = Scheduler{.policy = "SCHED_BATCH", .nice = 7};
    config_.process.io_priority = IoPriority{"IOPRIO_CLASS_IDLE", 0};
    start_sleeper();
    EXPECT_EQ(sh("cut -d' ' -f19,41 /proc/" + pid_of("c") + "/stat"), "7 3\n") << "nice and policy";
    EXPECT_EQ(sh("ionice -p " + pid_of("c")), "idle\n");
    EXPECT_EQ(exec("cut -d' ' -f19,41 /proc/self/stat").out, "7 3\n") << "a further process, too";
    config_.process.scheduler = Scheduler{.policy = "SCHED_DEADLINE", .runtime = 5, .deadline = 4, .period = 3};
    command({"delete", "-f", "c"});
    expect_refused("process.scheduler: set SCHED_DEADLINE");
}

TEST_F(RuntimeConfig, RunsFurtherProcessesOnTheirProcessors) {
    config_.process.exec_affinity = {"0", "0"};
    start_sleeper();
    EXPECT_EQ(exec("grep Cpus_allowed_list /proc/self/status").out, "Cpus_allowed_list:\t0\n");
}

TEST_F(RuntimeConfig, PretendsToBeAnotherMachine) {
    config_.personality = Personality{"LINUX32"};
    EXPECT_EQ(look("uname -m"), "i686\n");
}

TEST_F(RuntimeConfig, KeepsMemoryOnItsNodes) {
    config_.memory_policy = MemoryPolicy{"MPOL_BIND", "0", {"MPOL_F_STATIC_NODES"}};
    const auto done = shell("grep -m1 stack /proc/self/numa_maps");
    if (done.err.find("this kernel has no memory policies") != std::string::npos) GTEST_SKIP() << done.err;
    EXPECT_NE(done.out.find("bind=static:0"), std::string::npos) << done.out << done.err;
    config_.memory_policy->nodes = "999";
    expect_refused("linux.memoryPolicy: set MPOL_BIND on nodes \"999\"");
}

TEST_F(RuntimeConfig, RefusesLabelsThatNobodyWouldEnforce) {
    if (access("/sys/module/apparmor/parameters/enabled", F_OK) == 0) GTEST_SKIP() << "AppArmor is here";
    config_.process.apparmor_profile = "p";
    expect_refused("process.apparmorProfile \"p\": this kernel runs without AppArmor");
    config_.process.apparmor_profile.clear();
    start_sleeper();
    const auto done = exec("true", {"--apparmor", "p"});
    EXPECT_EQ(done.status, 255);
    EXPECT_NE(done.err.find("process.apparmorProfile"), std::string::npos) << done.err;
    struct statfs info {};
    if (::statfs("/sys/fs/selinux", &info) == 0 && info.f_type == 0xf97cff8c) return;
    EXPECT_NE(exec("true", {"--process-label", "a:b:c"}).err.find("process.selinuxLabel"), std::string::npos);
}

TEST_F(RuntimeConfig, RefusesCachesThatCannotBeShared) {
    if (access("/sys/fs/resctrl/schemata", F_OK) == 0) GTEST_SKIP() << "this machine has resctrl";
    config_.cache_allocation = CacheAllocation{.l3_schema = "L3:0=f"};
    expect_refused("linux.intelRdt: ");
}

TEST_F(RuntimeConfig, SetsTheClocks) {
    config_.namespaces.push_back({NamespaceType::time, ""});
    config_.time_offsets = {{"boottime", {1000000, 0}}, {"monotonic", {2000000, 5}}};
    const long up = std::stol(look("cut -d. -f1 /proc/uptime"));
    EXPECT_GE(up, 1000000) << "of which the host has less";
    start_sleeper();
    EXPECT_GE(std::stol(exec("cut -d. -f1 /proc/uptime").out), 1000000);
    config_.time_offsets = {{"boottime", {-1000000000, 0}}};
    command({"delete", "-f", "c"});
    expect_refused("linux.timeOffsets: set the clocks");
}

TEST_F(RuntimeConfig, FillsATmpfsWithWhatItCovers) {
    sh("mkdir -p /tmp/b/rootfs/etc/deep/er && echo x > /tmp/b/rootfs/etc/deep/er/file && "
       "ln -s er/file /tmp/b/rootfs/etc/deep/link && chown 5:6 /tmp/b/rootfs/etc/deep && "
       "chmod 1700 /tmp/b/rootfs/etc/deep && mkfifo /tmp/b/rootfs/etc/deep/fifo");
    config_.mounts.push_back({"/etc/deep", "tmpfs", "tmpfs", {"tmpcopyup", "ro", "size=1m"}});
    EXPECT_EQ(look("cat /etc/deep/link; readlink /etc/deep/link; test -p /etc/deep/fifo && echo fifo; "
                   "touch /etc/deep/x 2>/dev/null || echo read-only; awk '$5 == \"/etc/deep\" {print $9}' "
                   "/proc/self/mountinfo"),
              "x\ner/file\nfifo\nread-only\ntmpfs\n");
}

TEST_F(RuntimeConfig, ChangesMountsThatAreThere) {
    config_.mounts.push_back({"/dev/shm", "", "", {"remount", "ro"}});
    EXPECT_EQ(look("touch /dev/shm/x 2>/dev/null || echo read-only; touch /dev/y && echo fine"), "read-only\nfine\n");
    config_.mounts.pop_back();
    for (auto& mount : config_.mounts) {
        if (mount.destination == "/dev") mount.options.push_back("ro");
    }
    EXPECT_EQ(look("touch /dev/y 2>/dev/null || echo read-only; echo y > /dev/null && echo fine"), "read-only\nfine\n")
        << "once it is filled";
}

TEST_F(RuntimeConfig, AppliesRecursiveOptionsToAllBelow) {
    sh("mkdir -p /tmp/out/below && mount -t tmpfs tmpfs /tmp/out/below");
    config_.mounts.push_back({"/m", "bind", "/tmp/out", {"rbind", "ro"}});
    config_.mounts.push_back({"/r", "bind", "/tmp/out", {"rbind", "rro"}});
    EXPECT_EQ(look("touch /m/x 2>/dev/null; touch /m/below/x && echo below; touch /r/below/y 2>/dev/null || echo no"),
              "below\nno\n");
    sh("umount /tmp/out/below");
}

TEST_F(RuntimeConfig, BindsFilesAndRelativeSources) {
    sh("mkdir -p /tmp/b/given && echo content > /tmp/b/given/file");
    config_.mounts.push_back({"etc/given", "bind", "given/file", {"bind", "ro"}});
    EXPECT_EQ(look("cat /etc/given"), "content\n");
    config_.mounts.back().options.push_back("size=1m");
    EXPECT_EQ(look("cat /etc/given"), "content\n") << "of no effect, as with mount(2)";
}

TEST_F(RuntimeConfig, ShowsOtherOwnersInAnIdMappedMount) {
    sh("mkdir -p /tmp/out && touch /tmp/out/roots && chown 0:0 /tmp/out/roots");
    config_.mounts.push_back({"/m", "bind", "/tmp/out", {"bind"}, "", {{0, 500, 10}}, {{0, 501, 10}}});
    const auto done = shell("stat -c %u:%g /m/roots");
    if (done.err.find("cannot be mounted with other ids") != std::string::npos) GTEST_SKIP() << done.err;
    EXPECT_EQ(done.out, "500:501\n") << done.err;
}

TEST_F(RuntimeConfig, RefusesSysctlsOfTheHost) {
    for (const char* name : {"net/../kernel/core_pattern", "kernel.core_pattern", "net.ipv4/../x", "vm.swappiness"}) {
        config_.sysctl = {{name, "1"}};
        expect_refused("linux.sysctl");
    }
    config_.sysctl = {{"net/ipv4/ip_forward", "1"}, {"kernel.shmmni", "123"}, {"kernel.domainname", "d"}};
    EXPECT_EQ(look("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni /proc/sys/kernel/domainname"),
              "1\n123\nd\n");
    join(NamespaceType::network, "/proc/self/ns/net");
    config_.sysctl = {{"net.ipv4.ip_forward", "1"}};
    expect_refused("linux.sysctl \"net.ipv4.ip_forward\"");
}

TEST_F(RuntimeConfig, JoinsNamespacesOfEveryKind) {
    config_.namespaces.push_back({NamespaceType::time, ""});
    config_.hostname = "first";
    start_sleeper("first");
    const std::string ns = "/proc/" + pid_of("first") + "/ns/";
    for (const auto type : {NamespaceType::network, NamespaceType::ipc, NamespaceType::uts, NamespaceType::cgroup,
                            NamespaceType::time, NamespaceType::pid})
        join(type, ns + proc_name(type));
    config_.hostname.clear();
    config_.sysctl.clear();
    EXPECT_EQ(look("hostname; for n in net ipc uts cgroup time pid; do readlink /proc/self/ns/$n; done"),
              "first\n" + sh("for n in net ipc uts cgroup time pid; do readlink " + ns + "$n; done"));
}

TEST_F(RuntimeConfig, RunsInAMountNamespaceOfOthers) {
    start_sleeper("first");
    join(NamespaceType::mount, "/proc/" + pid_of("first") + "/ns/mnt");
    config_.root_path = "/";
    config_.mounts.clear();
    config_.masked_paths.clear();
    config_.readonly_paths.clear();
    config_.sysctl.clear();
    save_program({"/bin/sh", "-c", "ls /bin/sh; readlink /proc/1/ns/mnt; sleep 1000"});
    const auto made = command({"run", "-d", "-b", "/tmp/b", "c"});
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(sh("readlink /proc/" + pid_of("c") + "/ns/mnt"), sh("readlink /proc/" + pid_of("first") + "/ns/mnt"));
    EXPECT_EQ(exec("ls /bin/sh").out, "/bin/sh\n");
    config_.root_readonly = true;
    save();
    EXPECT_EQ(command({"run", "-b", "/tmp/b", "d"}).status, 1);
}

TEST_F(RuntimeConfig, TakesNetworkInterfacesAlong) {
    sh("ip link add lab0 type veth peer name lab1 && ip addr add 192.0.2.7/24 dev lab0 && "
       "ip link set lab0 up mtu 1400");
    config_.net_devices = {{"lab0", "inside0"}};
    EXPECT_EQ(look("ip -o addr show inside0 | awk '/inet / {print $4}'; cat /sys/class/net/inside0/mtu; "
                   "ip link show inside0 | grep -c '[<,]UP[,>]'"),
              "192.0.2.7/24\n1400\n1\n");
    config_.net_devices = {{"none0", ""}};
    expect_refused("linux.netDevices: the host has no interface none0");
}

TEST_F(RuntimeConfig, RefusesLimitsThatThereAreNotHere) {
    if (CgroupLayout::host().mode != CgroupMode::v2) {
        config_.resources.unified = {{"memory.high", "1"}};
        expect_refused("linux.resources.unified: it is for cgroup v2");
    } else {
        config_.resources.cpu_realtime_runtime = 5;
        expect_refused("linux.resources.cpu.realtimeRuntime: cgroup v2 has no such limit");
    }
    config_.resources.unified.clear();
    config_.resources.cpu_realtime_runtime.reset();
    config_.resources.rdma["none"].handles = 1;
    expect_refused("rdma");
}

/// A listener as an agent is: it takes one filter and answers calls with EPERM's cousin.
struct Agent {
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::string told;
    Fd filter;

    explicit Agent(const char* path) {
        sockaddr_un address{AF_UNIX, {}};
        std::strcpy(address.sun_path, path);
        ::unlink(path);
        check(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
        check(::listen(socket.get(), 5), "listen");
    }
    void take() {
        const Fd peer(::accept(socket.get(), nullptr, nullptr));
        char text[8192];
        iovec data{text, sizeof text};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const auto got = ::recvmsg(peer.get(), &message, MSG_CMSG_CLOEXEC);
        check(static_cast<int>(got), "receive");
        told.assign(text, static_cast<std::size_t>(got));
        if (const auto* header = CMSG_FIRSTHDR(&message)) {
            int raw;
            std::memcpy(&raw, CMSG_DATA(header), sizeof raw);
            filter = Fd(raw);
        }
    }
    /// Answers calls until nobody has the filter any more. @return how many there were
    int answer(int code) const {
        int count = 0;
        for (;;) {
            seccomp_notif call{};
            if (::ioctl(filter.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
                if (errno == EINTR) continue;
                return count;
            }
            seccomp_notif_resp answer{};
            answer.id = call.id;
            answer.error = -code;
            (void)::ioctl(filter.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
            ++count;
        }
    }
};

TEST_F(RuntimeConfig, AsksASeccompListener) {
    Agent agent("/tmp/agent.sock");
    config_.seccomp = {{"defaultAction", "SCMP_ACT_ALLOW"},
                       {"listenerPath", "/tmp/agent.sock"},
                       {"listenerMetadata", "mine"},
                       {"syscalls", {{{"names", {"mkdir", "mkdirat"}}, {"action", "SCMP_ACT_NOTIFY"}}}}};
    config_.annotations = {{"a", "b"}};
    std::thread listening([&] {
        agent.take();
        agent.answer(ENOMEDIUM);
    });
    const auto done = shell("sleep 0.1; mkdir /tmp/x 2>&1; ls /tmp; cat /proc/[0-9]*/stat | grep -c ') Z '");
    EXPECT_NE(done.out.find("No medium"), std::string::npos) << done.out << done.err;
    EXPECT_NE(done.out.find("\n0\n"), std::string::npos) << "the helper leaves nothing: " << done.out;
    agent.filter ? listening.join() : listening.detach();
    const Json told = Json::parse(agent.told);
    EXPECT_EQ(told["metadata"], "mine");
    EXPECT_EQ(told["fds"], Json({"seccompFd"}));
    EXPECT_EQ(told["state"]["id"], "c");
    EXPECT_EQ(told["state"]["annotations"]["a"], "b");
    EXPECT_GT(told["pid"].get<int>(), 1) << "as the host counts";
    config_.seccomp.erase("listenerPath");
    config_.seccomp.erase("listenerMetadata");
    expect_refused("linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs a listener");
    config_.seccomp["listenerPath"] = "/tmp/nobody.sock";
    expect_refused("linux.seccomp.listenerPath: ");
    sh("rm /tmp/agent.sock");
}

TEST_F(RuntimeConfig, AsksAboutFurtherProcessesToo) {
    Agent agent("/tmp/agent.sock");
    config_.seccomp = {{"defaultAction", "SCMP_ACT_ALLOW"},
                       {"listenerPath", "/tmp/agent.sock"},
                       {"syscalls", {{{"names", {"mkdir", "mkdirat"}}, {"action", "SCMP_ACT_NOTIFY"}}}}};
    start_sleeper();
    agent.take();
    std::thread listening([&] {
        agent.take();
        agent.answer(ENOMEDIUM);
    });
    const auto done = exec("sleep 0.1; mkdir /tmp/x 2>&1; readlink /proc/self");
    listening.join();
    EXPECT_NE(done.out.find("No medium"), std::string::npos) << done.out << done.err;
    EXPECT_EQ(Json::parse(agent.told)["state"]["status"], "running");
    EXPECT_NE(Json::parse(agent.told)["pid"], state_of()["pid"]);
    sh("rm /tmp/agent.sock");
}

}  // namespace
}  // namespace hoist::runtime::test
