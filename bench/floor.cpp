// SPDX-License-Identifier: Apache-2.0
#include "bench/floor.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/floor_net.h"
#include "bench/floor_privileges.h"

namespace hoist::bench {
namespace {

constexpr const char* controllers[] = {"memory", "pids", "cpu"};

void put(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    need(fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()), path.c_str());
    ::close(fd);
}

std::string cgroup(const char* controller, int id) {
    return std::string("/sys/fs/cgroup/") + controller + "/floor-" + std::to_string(id);
}

void attach(const char* type, const char* target, unsigned long flags, const char* data = nullptr) {
    need(::mount(type, target, type, flags, data) == 0, target);
}

void make_dev() {
    attach("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
    const struct {
        const char* name;
        unsigned major, minor;
    } nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                 {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
    for (const auto& node : nodes)
        need(::mknod(node.name, S_IFCHR | 0666, makedev(node.major, node.minor)) == 0, node.name);
    for (const char* dir : {"dev/pts", "dev/shm", "dev/mqueue"}) need(::mkdir(dir, 0755) == 0, dir);
    attach("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
    attach("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k");
    attach("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    need(::symlink("pts/ptmx", "dev/ptmx") == 0 && ::symlink("/proc/self/fd", "dev/fd") == 0 &&
             ::symlink("/proc/self/fd/0", "dev/stdin") == 0 && ::symlink("/proc/self/fd/1", "dev/stdout") == 0 &&
             ::symlink("/proc/self/fd/2", "dev/stderr") == 0,
         "dev links");
}

void mask_paths() {
    for (const char* path : {"proc/kcore", "proc/keys", "proc/timer_list", "proc/sched_debug", "proc/latency_stats"})
        ::mount("/dev/null", path, nullptr, MS_BIND, nullptr);
    for (const char* path : {"proc/acpi", "proc/scsi", "sys/firmware"})
        ::mount("tmpfs", path, "tmpfs", MS_RDONLY, nullptr);
    for (const char* path : {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"}) {
        if (::mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) == 0)
            ::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    nullptr);
    }
}

[[noreturn]] void become_container(const FloorOptions& options, const std::string& area, int go) {
    char byte;
    need(::read(go, &byte, 1) == 1, "go");
    need(::unshare(CLONE_NEWCGROUP) == 0, "cgroup namespace");
    need(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private");
    std::string filter = read_filter(options.seccomp);
    const std::string data = "lowerdir=" + options.lower + ",upperdir=" + area + "/upper,workdir=" + area + "/work";
    const std::string merged = area + "/merged";
    need(::mount("overlay", merged.c_str(), "overlay", 0, data.c_str()) == 0, "overlay");
    need(::chdir(merged.c_str()) == 0, "chdir");
    attach("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    attach("sysfs", "sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY);
    attach("tmpfs", "sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755");
    for (const char* controller : controllers) {
        const std::string target = std::string("sys/fs/cgroup/") + controller;
        need(::mkdir(target.c_str(), 0755) == 0, "cgroup dir");
        need(::mount("cgroup", target.c_str(), "cgroup", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, controller) == 0,
             "cgroup mount");
    }
    make_dev();
    mask_paths();
    need(::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0, "pivot_root");
    need(::sethostname("floor", 5) == 0, "hostname");
    bring_up_inside(options.address, options.gateway);
    drop_privileges(filter);
    ::execv(options.argv[0], const_cast<char**>(options.argv));
    std::perror(options.argv[0]);
    std::_Exit(127);
}

}  // namespace

int run_floor(const FloorOptions& options) {
    const int id = ::getpid();
    const std::string area = options.work_area + "/floor-" + std::to_string(id);
    for (const char* controller : controllers) need(::mkdir(cgroup(controller, id).c_str(), 0755) == 0, "cgroup");
    put(cgroup("memory", id) + "/memory.limit_in_bytes", "268435456");
    put(cgroup("pids", id) + "/pids.max", "1000");
    put(cgroup("cpu", id) + "/cpu.shares", "1024");
    for (const char* dir : {"", "/upper", "/work", "/merged"}) need(::mkdir((area + dir).c_str(), 0755) == 0, "area");

    int go[2];
    need(::pipe2(go, O_CLOEXEC) == 0, "pipe");
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_PIDFD;
    args.pidfd = reinterpret_cast<unsigned long>(&pidfd);
    args.exit_signal = SIGCHLD;
    const auto child = static_cast<int>(::syscall(SYS_clone3, &args, sizeof args));
    need(child >= 0, "clone3");
    if (child == 0) become_container(options, area, go[0]);
    for (const char* controller : controllers) put(cgroup(controller, id) + "/cgroup.procs", std::to_string(child));
    if (!options.bridge.empty()) plug_veth(options.bridge, child);
    need(::write(go[1], "x", 1) == 1, "go");

    siginfo_t ended{};
    need(::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &ended, WEXITED) == 0, "wait");
    ::close(pidfd);
    for (const char* controller : controllers)
        for (int tries = 0; ::rmdir(cgroup(controller, id).c_str()) != 0 && tries < 1000; ++tries) ::usleep(200);
    for (const char* dir : {"/merged", "/work/work", "/work", "/upper", ""}) ::rmdir((area + dir).c_str());
    return ended.si_status;
}

}  // namespace hoist::bench
