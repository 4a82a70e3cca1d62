// SPDX-License-Identifier: Apache-2.0
// Programs that never rest: they try to get between two steps of the runtime.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "tests/support/programs/inside.h"

namespace hoist::inside {
namespace {

class Deadline {
public:
    explicit Deadline(const char* seconds) : end_(now() + std::atof(seconds)) {}
    bool passed() const { return now() > end_; }

private:
    static double now() {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    }
    double end_;
};

template <class Act>
void each_process(Act act) {
    DIR* processes = ::opendir("/proc");
    if (!processes) return;
    while (const dirent* entry = ::readdir(processes))
        if (const int pid = std::atoi(entry->d_name); pid > 0 && pid != ::getpid()) act(pid);
    ::closedir(processes);
}

struct Path {
    char text[64];
    Path(int pid, const char* what) { std::snprintf(text, sizeof text, "/proc/%d/%s", pid, what); }
};

/// By the name that it was started under, which everybody may read, or by its file: what is started from a descriptor
/// has that one's number for a name on older kernels.
bool is_ours(int pid) {
    char name[32] = {}, file[256] = {};
    const int fd = ::open(Path(pid, "comm").text, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    (void)!::read(fd, name, sizeof name - 1);
    ::close(fd);
    if (std::strncmp(name, "hoist-runtime", 13) == 0) return true;
    return ::readlink(Path(pid, "exe").text, file, sizeof file - 1) > 0 && std::strstr(file, "hoist-runtime");
}

/// Only what is more than anybody in the container has: the rights of the process are told with it.
void tell(int pid, const char* what) {
    char status[4096] = {};
    const int fd = ::open(Path(pid, "status").text, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) (void)!::read(fd, status, sizeof status - 1);
    ::close(fd);
    char line[256] = "";
    for (const char* key : {"CapPrm:", "CapEff:", "CapBnd:", "Seccomp:", "Uid:"}) {
        const char* found = std::strstr(status, key);
        if (!found) continue;
        const std::size_t length = std::strcspn(found, "\n");
        std::strncat(line, found, length < 40 ? length : 40);
        std::strncat(line, " ", 2);
    }
    for (char* letter = line; *letter; ++letter)
        if (*letter == '\t') *letter = ' ';
    std::printf("reached %s of %d %s\n", what, pid, line);
}

void try_descriptors(int pid) {
    DIR* descriptors = ::opendir(Path(pid, "fd").text);
    if (!descriptors) return;
    while (const dirent* entry = ::readdir(descriptors)) {
        char name[96], target[256] = {};
        std::snprintf(name, sizeof name, "/proc/%d/fd/%.20s", pid, entry->d_name);
        if (::readlink(name, target, sizeof target - 1) <= 0) continue;
        char what[320];
        std::snprintf(what, sizeof what, "descriptor %.20s -> %.200s", entry->d_name, target);
        tell(pid, what);
    }
    ::closedir(descriptors);
}

/// Takes a copy of each descriptor of a process that is not a standard stream. @param keep  what to do with one
template <class Keep>
void each_copy(int pid, Keep keep) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    for (int fd = 3; pidfd >= 0 && fd < 20; ++fd) {
        const long copy = ::syscall(SYS_pidfd_getfd, pidfd, fd, 0);
        if (copy >= 0) keep(static_cast<int>(copy));
    }
    if (pidfd >= 0) ::close(pidfd);
}

void try_all(int pid) {
    char target[256] = {};
    for (const char* link : {"exe", "root", "cwd"}) {
        if (::readlink(Path(pid, link).text, target, sizeof target - 1) > 0) tell(pid, link);
    }
    for (const char* file : {"mem", "environ", "maps"}) {
        const int fd = ::open(Path(pid, file).text, O_RDONLY | O_CLOEXEC);
        char byte;
        if (fd >= 0 && std::strcmp(file, "mem") != 0 && ::read(fd, &byte, 1) > 0) tell(pid, file);
        if (fd >= 0) ::close(fd);
    }
    try_descriptors(pid);
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0) {
        if (is_ours(pid)) tell(pid, "trace");
        ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
        ::waitpid(pid, nullptr, __WALL);
        ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    }
    each_copy(pid, [](int copy) { ::close(copy); });
}

/// Whether a file is on a read-only mount or sealed. @param name  of the descriptor in /proc
bool is_protected(int fd, const char* name) {
    struct statvfs mount {};
    if (::fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY)) return true;
    const int readable = ::open(name, O_RDONLY | O_CLOEXEC);
    const int seals = ::fcntl(readable, F_GET_SEALS);
    ::close(readable);
    return seals >= 0 && (seals & F_SEAL_WRITE);
}

}  // namespace

int swap_names(int count, char** words) {
    if (count < 3) return 2;
    const Deadline deadline(words[2]);
    unsigned long swaps = 0;
    while (!deadline.passed()) {
        if (::syscall(SYS_renameat2, AT_FDCWD, words[0], AT_FDCWD, words[1], RENAME_EXCHANGE) == 0) ++swaps;
    }
    std::printf("swapped %lu\n", swaps);
    return swaps == 0;
}

int hunt(int count, char** words) {
    if (count < 1) return 2;
    const Deadline deadline(words[0]);
    std::set<int> met;
    while (!deadline.passed()) {
        each_process([&](int pid) {
            if (!is_ours(pid)) return;
            met.insert(pid);
            try_all(pid);
        });
    }
    std::printf("met %zu\n", met.size());
    return 0;
}

int grab_programs(int count, char** words) {
    if (count < 1) return 2;
    const Deadline deadline(words[0]);
    std::map<std::pair<int, ino_t>, int> held;
    while (!deadline.passed()) {
        each_process([&](int pid) {
            const int fd = ::open(Path(pid, "exe").text, O_PATH | O_CLOEXEC);
            struct stat info {};
            if (fd < 0 || ::fstat(fd, &info) != 0 || held.size() > 900 ||
                !held.try_emplace({pid, info.st_ino}, fd).second)
                ::close(fd);
        });
    }
    for (const auto& [process, fd] : held) {
        char name[64], target[256] = {};
        std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        (void)!::readlink(name, target, sizeof target - 1);
        if (std::strstr(target, "hoist-inside") || std::strstr(target, "busybox")) continue;  // its own to write
        // While it runs the kernel says "text file busy" first: what counts is whether it could be written to later.
        if (is_protected(fd, name)) continue;
        const int writable = ::open(name, O_WRONLY | O_CLOEXEC);
        if (writable < 0 && errno != ETXTBSY) continue;
        std::printf("wrote %s\n", target);
        if (writable >= 0) ::close(writable);
    }
    std::printf("held %zu\n", held.size());
    return 0;
}

int hold(int count, char** words) {
    if (count < 1) return 2;
    const Deadline deadline(words[0]);
    std::set<int> held;
    while (!deadline.passed()) {
        each_process([&](int pid) {
            if (!is_ours(pid) || !held.insert(pid).second) return;
            int copies = 0;
            each_copy(pid, [&](int copy) {
                ++copies;
                if (count > 1) (void)!::write(copy, words[1], std::strlen(words[1]));
            });
            if (copies > 0) std::printf("holds %d\n", copies);
            std::fflush(stdout);
        });
    }
    return 0;
}

}  // namespace hoist::inside
