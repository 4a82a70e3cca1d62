#pragma once
// SPDX-License-Identifier: Apache-2.0
// All open descriptors of this process from a number on, whoever opened them.

#include <vector>

namespace hoist {

/// Where the kernel has no close_range(2), the functions below ask /proc/self/fd. To be called while the host's /proc
/// is in sight, by a process that will use them where it is not; what is kept is one of the descriptors that they
/// close.
void keep_procfs_in_reach();

void close_from(int first);
void close_from_except(int first, std::vector<int> kept);
/// Marks them to be closed at exec. @throws Error
void close_at_exec_from(int first);

}  // namespace hoist
