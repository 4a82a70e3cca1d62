// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <sys/syscall.h>

#include "base/error.h"

namespace hoist {

Fd Fd::duplicate() const {
    return Fd(check(::fcntl(raw_, F_DUPFD_CLOEXEC, 3), "duplicate descriptor {}", raw_));
}

Fd open_file(const std::string& path, int flags, mode_t mode) {
    return Fd(check(::open(path.c_str(), flags | O_CLOEXEC, mode), "open {}", path));
}

Fd open_at(const Fd& dir, const std::string& path, int flags, mode_t mode) {
    return Fd(check(::openat(dir.get(), path.c_str(), flags | O_CLOEXEC, mode), "open {}", path));
}

Pipe make_pipe(int flags) {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC | flags), "make a pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

Fd open_pidfd(pid_t pid) {
    return Fd(check(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "open pidfd of process {}", pid));
}

}  // namespace hoist
