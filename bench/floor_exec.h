#pragma once
// SPDX-License-Identifier: Apache-2.0
// The floor of an exec: the kernel calls that put one more process into a running container, and nothing else.

#include <string>

namespace hoist::bench {

/// Joins all namespaces and cgroups of the process `pid`, takes on the default capabilities and the filter, runs argv
/// and waits for it. @param seccomp  file with ready BPF; empty: none @return exit status
int run_floor_exec(int pid, const std::string& seccomp, const char* const* argv);

}  // namespace hoist::bench
