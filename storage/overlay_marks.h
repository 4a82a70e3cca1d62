#pragma once
// SPDX-License-Identifier: Apache-2.0
// How a layer says what it hides (kernel documentation, overlayfs).

#include <sys/stat.h>

#include "base/fd.h"

namespace hoist::storage {

/// As deep as the directories of a layer can be nested.
inline constexpr unsigned deepest_directory = 256;

/// A character device 0:0 hides what the layers below have under its name.
inline bool is_whiteout(const struct stat& info) {
    return S_ISCHR(info.st_mode) && info.st_rdev == 0;
}

/// An opaque directory hides the whole content of its namesakes below.
bool is_opaque(const Fd& dir);

}  // namespace hoist::storage
