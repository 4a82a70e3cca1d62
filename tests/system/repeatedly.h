#pragma once
// SPDX-License-Identifier: Apache-2.0
// How often a race is tried.

#include <chrono>

namespace hoist::test {

/// Does something again and again: for some time, but often enough to mean something on a slow machine.
template <class Act>
void repeatedly(std::chrono::seconds time, int least, int most, Act act) {
    const auto end = std::chrono::steady_clock::now() + time;
    for (int n = 0; n < most && (n < least || std::chrono::steady_clock::now() < end); ++n) act(n);
}

}  // namespace hoist::test
