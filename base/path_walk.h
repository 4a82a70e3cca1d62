#pragma once
// SPDX-License-Identifier: Apache-2.0
// Looking up a path below a directory step by step, where the kernel has no openat2(2).

#include <sys/types.h>
#include <string>

namespace hoist {

/// openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS, made of openat(2) calls that each take one step and
/// follow no link: directories on the way stay open, so ".." never leaves the root, whatever others rename meanwhile.
/// @return a descriptor, or -1 with errno set as openat2 would
int walk_in_root(int root, const std::string& path, int flags, mode_t mode);

}  // namespace hoist
