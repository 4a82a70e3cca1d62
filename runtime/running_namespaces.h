#pragma once
// SPDX-License-Identifier: Apache-2.0
// The namespaces of a process that runs, held open to be joined.

#include <sys/types.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace hoist::runtime {

class RunningNamespaces {
public:
    RunningNamespaces() = default;
    /// All of them that are not this process' own. @param pidfd  of the process `pid`
    /// @throws Error(not_found) if it has ended
    static RunningNamespaces of(pid_t pid, const Fd& pidfd);

    /// What children have to be born in: for setns(2).
    const Fd& pid() const { return pid_; }
    /// Joins the others, all at once where the kernel can (setns(2) by pidfd).
    void join() const;
    /// Whether there is a user namespace among them.
    bool joins_user() const;

private:
    Fd pid_, pidfd_;
    std::uint64_t flags_ = 0;
    std::vector<std::pair<std::uint64_t, Fd>> files_;  // without setns by pidfd: /proc/<pid>/ns/*
};

}  // namespace hoist::runtime
