#pragma once
// SPDX-License-Identifier: Apache-2.0
// All open descriptors of this process from a number on, whoever opened them.

#include <vector>

namespace hoist {

void close_from(int first);
void close_from_except(int first, std::vector<int> kept);
/// Marks them to be closed at exec. @throws Error
void close_at_exec_from(int first);

}  // namespace hoist
