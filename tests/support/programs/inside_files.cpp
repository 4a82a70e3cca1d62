// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tests/support/programs/inside.h"

namespace hoist::inside {
namespace {

int try_to_open(const char* path, const struct stat*, int type, struct FTW*) {
    if (type != FTW_F) return 0;
    const int fd = ::open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return 0;
    std::printf("%s\n", path);
    ::close(fd);
    return 0;
}

struct Node {
    char type;
    unsigned major, minor;
};
// Those whose mere opening does something (a watchdog's) are left out.
constexpr Node nodes[] = {
    {'b', 1, 0},    {'b', 7, 0},    {'b', 8, 0},    {'b', 8, 1},    {'b', 11, 0},   {'b', 252, 0},  {'b', 253, 0},
    {'b', 254, 0},  {'b', 259, 0},  {'c', 1, 1},    {'c', 1, 2},    {'c', 1, 3},    {'c', 1, 4},    {'c', 1, 5},
    {'c', 1, 7},    {'c', 1, 8},    {'c', 1, 9},    {'c', 1, 11},   {'c', 4, 0},    {'c', 4, 1},    {'c', 4, 64},
    {'c', 5, 0},    {'c', 5, 1},    {'c', 5, 2},    {'c', 7, 0},    {'c', 10, 1},   {'c', 10, 63},  {'c', 10, 183},
    {'c', 10, 200}, {'c', 10, 223}, {'c', 10, 229}, {'c', 10, 232}, {'c', 10, 235}, {'c', 10, 236}, {'c', 10, 237},
    {'c', 10, 239}, {'c', 13, 63},  {'c', 13, 64},  {'c', 29, 0},   {'c', 108, 0},  {'c', 136, 0},  {'c', 195, 0},
    {'c', 202, 0},  {'c', 203, 0},  {'c', 226, 0},  {'c', 240, 0},  {'c', 250, 0}};

}  // namespace

int list_writable(int count, char** words) {
    for (int i = 0; i < count; ++i) {
        if (::access(words[i], F_OK) == 0) ::nftw(words[i], try_to_open, 16, FTW_PHYS);
    }
    return 0;
}

int list_devices(int, char**) {
    const char* path = "device-node";
    for (const auto& node : nodes) {
        ::unlink(path);
        if (::mknod(path, (node.type == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(node.major, node.minor)) != 0) {
            std::printf("cannot make %c %u:%u: %s\n", node.type, node.major, node.minor, std::strerror(errno));
            continue;
        }
        const int fd = ::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        // Whatever else stands in the way (no such hardware, no terminal) comes after the question of rights.
        if (fd >= 0 || (errno != EPERM && errno != EACCES))
            std::printf("%c %u:%u\n", node.type, node.major, node.minor);
        if (fd >= 0) ::close(fd);
    }
    ::unlink(path);
    return 0;
}

int list_descriptors(int, char**) {
    for (int fd = 0; fd < 1024; ++fd) {
        char name[64], target[256] = {};
        std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        if (::readlink(name, target, sizeof target - 1) > 0) std::printf("%d %s\n", fd, target);
    }
    return 0;
}

int tell_user(int, char**) {
    std::printf("%u\n", ::geteuid());
    return 0;
}

}  // namespace hoist::inside
