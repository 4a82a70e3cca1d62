#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a container has changed of its image.

#include <string>
#include <vector>

namespace hoist::storage {

struct Change {
    enum class Kind { modified = 0, added = 1, removed = 2 };  ///< numbered as Docker's API does
    std::string path;
    Kind kind = Kind::modified;
    bool operator==(const Change&) const = default;
};

/// Compares an overlay's upper directory with what lies below it (topmost first). Sorted by path.
std::vector<Change> changes_of(const std::string& upper, const std::vector<std::string>& lower);

/// Leaves out what the engine has added so that something could be mounted there, and the directories that are only
/// listed for it.
std::vector<Change> without_mount_points(std::vector<Change> changes, const std::vector<std::string>& targets);

}  // namespace hoist::storage
