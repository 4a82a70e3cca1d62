#pragma once
// SPDX-License-Identifier: Apache-2.0
// Layers seen as the overlay would show them, without a mount: whiteouts hide, opaque directories end the merge. Every
// step is one name below an open directory and never follows a link, so nothing leads out of the layers.

#include <sys/stat.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"

namespace hoist::storage {

/// One directory of an image: the directories of that name in its layers, topmost first.
class MergedDir {
public:
    /// The image's root. @param layers  directories, topmost first
    static MergedDir open_layers(const std::vector<std::string>& layers);

    struct Entry;
    /// What is shown under a name; nullopt if nothing is.
    std::optional<Entry> find(const std::string& name) const;
    std::set<std::string> names() const;
    /// The topmost directory: its owner, mode, times and xattrs are the ones shown.
    const Fd& top() const { return dirs_.front(); }
    MergedDir duplicate() const;

private:
    std::vector<Fd> dirs_;
};

struct MergedDir::Entry {
    struct stat info {};
    std::optional<MergedDir> directory;  ///< if it is one
    int holder = -1;                     ///< else the layer's directory that holds it; as long as the MergedDir lives
};

/// The entry at a path: links on the way, and at its end, are followed inside the image.
struct Resolved {
    MergedDir parent;
    std::string name;
    MergedDir::Entry entry;
};
/// nullopt if there is nothing, or links go round in circles. The root itself has an empty name.
std::optional<Resolved> resolve_in_layers(const std::vector<std::string>& layers, const std::string& path);

}  // namespace hoist::storage
