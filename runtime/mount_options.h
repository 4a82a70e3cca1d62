#pragma once
// SPDX-License-Identifier: Apache-2.0
// The words of a mount's option list, sorted into what the kernel's calls take.

#include <cstdint>
#include <optional>
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
    bool remount = false;  ///< change what is mounted there
    bool copy_up = false;  ///< "tmpcopyup": fill a tmpfs with what it covers
    bool id_mapped = false, id_mapped_recursive = false;
    std::vector<std::pair<std::string, std::string>> data;  ///< for the file system: "size" = "64m"; "" = a flag
};

/// @throws Error(invalid) for words that contradict each other
MountOptions parse_mount_options(const Mount& mount);
/// All words that mean something to us, sorted; what else stands there goes to the file system.
std::vector<std::string> known_mount_options();

/// The ids of an id-mapped mount: those of the mount, or of its "idmap=uids=0-100000-10#...;gids=..." (crun's way; "@"
/// in front: the second ids are the container's), or else the container's own.
struct IdMappings {
    std::vector<IdMapping> uids, gids;
};
bool has_written_mappings(const Mount& mount);
/// @return nullopt if the mount is not to be id-mapped @throws Error(invalid)
std::optional<IdMappings> mount_id_mappings(const Mount& mount, const Config& config);

}  // namespace hoist::runtime
