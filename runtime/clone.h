#pragma once
// SPDX-License-Identifier: Apache-2.0
// Making processes in namespaces.

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/fd.h"

namespace hoist::runtime {

struct Cloned {
    pid_t pid = 0;  ///< 0 in the new process
    Fd pidfd;
};
/// fork(2) with namespaces: clone3 with `flags` and a pidfd, into the cgroup v2 directory `cgroup` if it is given.
/// Only for single-threaded callers. @throws Error
Cloned clone_process(std::uint64_t flags, const Fd& cgroup);

/// Where a process that makes another one, which is to be the child of its own parent, leaves the pid for the parent: a
/// page of memory that the two share and the newborn does not see.
class PidNote {
public:
    PidNote();
    PidNote(const PidNote&) = delete;
    ~PidNote();
    /// fork(2), but the new process is a sibling, in new namespaces if `flags` has some (not CLONE_NEWTIME). Plain
    /// enough to be allowed by a container's seccomp filter. @return 0 in the new process @throws Error
    pid_t clone_sibling(std::uint64_t flags = 0);
    /// The pid of the sibling, once its maker has ended; 0 if there is none.
    pid_t pid() const { return *note_; }

private:
    volatile pid_t* note_;
};

/// pidfd_send_signal(2), which reaches exactly this process or none. @return -1 with errno set if it is gone
int signal_process(const Fd& pidfd, int signal);

/// The file of the program that a process runs; nothing if it runs none (any more).
struct ProgramId {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const ProgramId&) const = default;
};
std::optional<ProgramId> program_of(pid_t pid);

/// Reaps a child. @return its wait status as waitpid(2) has it
int reap(pid_t pid);

}  // namespace hoist::runtime
