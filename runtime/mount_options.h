#pragma once
// SPDX-License-Identifier: Apache-2.0
// The words of a mount's option list, sorted into what the kernel's calls take.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/oci.h"

namespace hoist::runtime {

struct MountOptions {
    std::uint64_t set = 0, clear = 0;                      ///< MOUNT_ATTR_* of the mount itself
    std::uint64_t recursive_set = 0, recursive_clear = 0;  ///< "rro", ...: of all mounts below it too
    std::uint64_t propagation = 0;                         ///< MS_PRIVATE, ...; 0: as it comes
    bool propagation_recursive = false;
    bool bind = false, bind_recursive = false;
    std::vector<std::pair<std::string, std::string>> data;  ///< for the file system: "size" = "64m"; "" = a flag
};

MountOptions parse_mount_options(const Mount& mount);

}  // namespace hoist::runtime
