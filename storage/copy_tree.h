#pragma once
// SPDX-License-Identifier: Apache-2.0
// A directory of an image copied to the disk.

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/fd.h"
#include "storage/merged_dir.h"

namespace hoist::storage {

/// Copies what is in `from` into the empty directory `to`, with owner, mode, times, xattrs, holes, hard and symbolic
/// links, devices; then gives `to` the owner, mode, times and xattrs of `from` itself. @throws Error
void copy_tree(const MergedDir& from, const Fd& to);

/// What a copied file has in place of what its original has.
struct CopyChanges {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<mode_t> mode;  ///< permissions; not of links
};
/// Copies one file, link, device or fifo (no directory) as `as` into `to`, where nothing has that name.
void copy_leaf(const MergedDir::Entry& from, const std::string& name, const Fd& to, const std::string& as,
               const CopyChanges& changes = {});

/// Gives one directory the owner, mode, times and xattrs of another.
void copy_directory_metadata(const Fd& from, const Fd& to);

}  // namespace hoist::storage
