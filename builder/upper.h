#pragma once
// SPDX-License-Identifier: Apache-2.0
// A layer that is being written: a directory that lies above an image's layers, and paths in what the two show.
// Nothing is mounted; every step goes one name below an open directory and follows no link of the file system. (SEC-35)

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "builder/file_mode.h"
#include "storage/merged_dir.h"

namespace hoist::builder {

/// A path with all links on its way replaced, as names from the root.
struct Place {
    std::vector<std::string> names;
    bool exists = false;
    bool is_directory = false;
    std::string text() const;  ///< "/usr/bin"
};

class Upper {
public:
    /// Makes the directory `path` with the owner and mode of the topmost layer's root.
    /// @param layers  directories, topmost first; may be empty
    Upper(const std::string& path, std::vector<std::string> layers);

    const std::string& path() const { return path_; }
    /// Follows links as a process inside would, the last one included. What is missing is taken as it is written.
    /// @throws Error(invalid) for a file where a directory is needed, or links in a circle
    Place locate(const std::string& path) const;

    /// Opens a directory of the upper, which is made there with what lies below it (its metadata, if there is one).
    /// @param owner, mode  of directories that are in no layer
    Fd directory(const std::vector<std::string>& names, Owner owner, mode_t mode = 0755);
    /// What is shown at a place.
    std::optional<storage::MergedDir::Entry> find(const std::vector<std::string>& names) const;
    /// Whether anything was written.
    bool changed() const { return changed_; }
    void note_change() { changed_ = true; }

private:
    storage::MergedDir root() const;
    const std::string path_;
    std::vector<std::string> all_;  ///< the upper, then the layers
    bool changed_ = false;
};

}  // namespace hoist::builder
