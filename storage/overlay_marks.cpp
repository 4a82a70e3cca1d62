// SPDX-License-Identifier: Apache-2.0
#include "storage/overlay_marks.h"

#include <sys/xattr.h>

#include <array>

namespace hoist::storage {

bool is_opaque(const Fd& dir) {
    std::array<char, 4> value{};
    return ::fgetxattr(dir.get(), "trusted.overlay.opaque", value.data(), value.size()) == 1 && value[0] == 'y';
}

}  // namespace hoist::storage
