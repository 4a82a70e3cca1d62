// SPDX-License-Identifier: Apache-2.0
#include "runtime/user_namespace.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/clone.h"

namespace hoist::runtime {
namespace {

std::string map_text(const std::vector<IdMapping>& mappings) {
    std::string text;
    for (const auto& one : mappings) text += fmt::format("{} {} {}\n", one.container_id, one.host_id, one.size);
    return text;
}

/// In one write(2), as the kernel wants it.
void write_map(pid_t pid, const char* file, const std::vector<IdMapping>& mappings, const char* key) {
    const Fd map = open_file(fmt::format("/proc/{}/{}", pid, file), O_WRONLY);
    const std::string text = map_text(mappings);
    check(::write(map.get(), text.data(), text.size()), "{}: make a user namespace with these ids", key);
}

/// Stays until the other end of the pipe is closed, by the maker or by its end.
[[noreturn]] void hold_namespace(Pipe& pipe) {
    pipe.write_end.reset();
    char byte = 0;
    while (::read(pipe.read_end.get(), &byte, 1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
}

}  // namespace

Fd make_user_namespace(const std::vector<IdMapping>& uids, const std::vector<IdMapping>& gids) {
    Pipe pipe = make_pipe();
    const Cloned holder = clone_process(CLONE_NEWUSER, Fd());
    if (holder.pid == 0) hold_namespace(pipe);
    pipe.read_end.reset();
    Fd made;
    try {
        write_map(holder.pid, "uid_map", uids, "linux.uidMappings");
        write_map(holder.pid, "gid_map", gids, "linux.gidMappings");
        made = open_file(fmt::format("/proc/{}/ns/user", holder.pid), O_RDONLY);
    } catch (...) {
        pipe.write_end.reset();
        reap(holder.pid);
        throw;
    }
    pipe.write_end.reset();
    reap(holder.pid);
    return made;
}

bool is_own_namespace(const Fd& fd, const char* name) {
    struct stat other {
    }, own{};
    check(::fstat(fd.get(), &other), "look at a namespace");
    check(::stat(fmt::format("/proc/self/ns/{}", name).c_str(), &own), "look at the {} namespace", name);
    return other.st_dev == own.st_dev && other.st_ino == own.st_ino;
}

std::uint32_t host_id(const std::vector<IdMapping>& mappings, std::uint32_t inside) {
    if (mappings.empty()) return inside;
    for (const auto& range : mappings) {
        if (inside >= range.container_id && inside - range.container_id < range.size)
            return range.host_id + (inside - range.container_id);
    }
    fail(Kind::invalid, "id {} is not among those of the container's user namespace", inside);
}

}  // namespace hoist::runtime
