#pragma once
// SPDX-License-Identifier: Apache-2.0
// How much a directory takes on the disk.

#include <cstdint>
#include <string>

namespace hoist::storage {

/// Bytes of the blocks of a directory and all below it; a file with several links counts once. Links are not followed,
/// what goes meanwhile is left out; 0 for an absent path. Blocking.
std::int64_t tree_size(const std::string& path);

}  // namespace hoist::storage
