#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the monitor makes of its own process before it does anything else.

#include <optional>

namespace hoist::runtime {

/// Descriptors beyond the socket closed; a session of its own; deaf to HUP, INT, QUIT, TERM and PIPE, in a way that an
/// exec'd child does not inherit; an allocator that gives memory back; spared by the OOM killer where that is allowed.
void set_up_monitor_process();

/// The oom_score_adj before set_up_monitor_process() lowered it; nullopt if it did not. Children get this one back.
std::optional<int> inherited_oom_score();

/// Gives freed memory back to the kernel: after work that needed some, before a long idle time.
void trim_memory();

}  // namespace hoist::runtime
