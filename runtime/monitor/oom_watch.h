#pragma once
// SPDX-License-Identifier: Apache-2.0
// A descriptor that tells when the kernel kills for lack of memory in a cgroup.

#include "base/fd.h"
#include "runtime/cgroup.h"

namespace hoist::runtime {

/// Becomes readable when that may have happened: an eventfd on v1, inotify on memory.events on v2. Empty if it cannot
/// be had; the exit record tells of a kill all the same.
Fd open_oom_watch(const Cgroup& cgroup);

}  // namespace hoist::runtime
