#pragma once
// SPDX-License-Identifier: Apache-2.0
// A directory of an image copied to the disk.

#include "base/fd.h"
#include "storage/merged_dir.h"

namespace hoist::storage {

/// Copies what is in `from` into the empty directory `to`, with owner, mode, times, xattrs, holes, hard and symbolic
/// links, devices; then gives `to` the owner, mode, times and xattrs of `from` itself. @throws Error
void copy_tree(const MergedDir& from, const Fd& to);

/// Gives one directory the owner, mode, times and xattrs of another.
void copy_directory_metadata(const Fd& from, const Fd& to);

}  // namespace hoist::storage
