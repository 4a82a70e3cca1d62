#pragma once
// SPDX-License-Identifier: Apache-2.0
// What reading and writing a tar archive share: tar(5).

#include <cstddef>
#include <cstdint>

namespace hoist {

inline constexpr std::size_t tar_block = 512;

/// How many bytes follow a member's content of `size` bytes until the next block.
inline std::size_t tar_padding(std::int64_t size) {
    return (tar_block - static_cast<std::size_t>(size) % tar_block) % tar_block;
}

}  // namespace hoist
