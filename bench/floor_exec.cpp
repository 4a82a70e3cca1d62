// SPDX-License-Identifier: Apache-2.0
#include "bench/floor_exec.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench/floor_privileges.h"

namespace hoist::bench {
namespace {

/// The files into which a process writes "0" to join the cgroups of `pid`, in the controllers that a container has.
std::vector<int> cgroup_files(int pid) {
    std::vector<int> files;
    char line[4096];
    std::FILE* list = std::fopen(("/proc/" + std::to_string(pid) + "/cgroup").c_str(), "re");
    need(list != nullptr, "cgroups of the container");
    while (std::fgets(line, sizeof line, list)) {
        char* controllers = std::strchr(line, ':') + 1;
        char* path = std::strchr(controllers, ':');
        *path++ = 0;
        path[std::strcspn(path, "\n")] = 0;
        if (!std::strstr(path, "/hoist/")) continue;
        const std::string directory = std::string("/sys/fs/cgroup/") + controllers + path;
        files.push_back(
            ::open((directory + (*controllers ? "/tasks" : "/cgroup.procs")).c_str(), O_WRONLY | O_CLOEXEC));
        need(files.back() >= 0, directory.c_str());
    }
    std::fclose(list);
    return files;
}

}  // namespace

int run_floor_exec(int pid, const std::string& seccomp, const char* const* argv) {
    const auto files = cgroup_files(pid);
    std::string filter = read_filter(seccomp);
    const auto target = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    need(target >= 0, "pidfd");
    need(::setns(target, CLONE_NEWPID) == 0, "join the pid namespace");
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD;
    args.pidfd = reinterpret_cast<unsigned long>(&pidfd);
    args.exit_signal = SIGCHLD;
    const auto child = static_cast<int>(::syscall(SYS_clone3, &args, sizeof args));
    need(child >= 0, "clone3");
    if (child == 0) {
        for (const int file : files) need(::write(file, "0", 1) == 1, "join a cgroup");
        constexpr int others = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
        need(::setns(target, others) == 0, "join the namespaces");
        drop_privileges(filter);
        ::execv(argv[0], const_cast<char**>(argv));
        std::perror(argv[0]);
        std::_Exit(127);
    }
    siginfo_t ended{};
    need(::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &ended, WEXITED) == 0, "wait");
    return ended.si_status;
}

}  // namespace hoist::bench
