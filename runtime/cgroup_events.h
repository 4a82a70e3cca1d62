#pragma once
// SPDX-License-Identifier: Apache-2.0
// What `events` tells of a container: its use of the machine, and that memory ran out.

#include "base/fd.h"
#include "base/json.h"
#include "runtime/cgroup.h"

namespace hoist::runtime {

/// The numbers under the names that runc's `events` uses. What the kernel does not count here is left out.
Json stats_document(const Cgroup& cgroup);

/// Tells of each time that a process was killed for want of memory.
class OomEvents {
public:
    explicit OomEvents(const Cgroup& cgroup);
    /// Readable when there may be something; empty if the memory controller is not used.
    const Fd& fd() const { return events_; }
    /// Clears the descriptor. @return whether it happened since the last call
    bool happened() const;

private:
    const Cgroup& cgroup_;
    Fd events_;
    mutable std::uint64_t seen_ = 0;
};

}  // namespace hoist::runtime
