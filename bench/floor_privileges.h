#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the floor gives up before an exec.

#include <string>

namespace hoist::bench {

/// A file with ready BPF in memory; empty for an empty name.
std::string read_filter(const std::string& path);
/// Drops to Docker's default capabilities and loads the filter, if there is one.
void drop_privileges(std::string& filter);
/// Ends the program with the words of errno unless `ok`.
void need(bool ok, const char* what);

}  // namespace hoist::bench
