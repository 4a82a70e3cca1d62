#pragma once
// SPDX-License-Identifier: Apache-2.0
// Directories as tars: a layer as registries know it, and a whole root file system as `export` gives it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/path.h"
#include "base/tar_writer.h"

namespace hoist::storage {

struct LayerTarOptions {
    /// No time in the archive is later than this one (SOURCE_DATE_EPOCH): seconds.
    std::optional<std::int64_t> newest_time;
};

struct LayerTarred {
    std::int64_t content_bytes = 0;  ///< of all files
};

/// Writes one directory of an overlay (a container's upper directory, an unpacked layer) as a layer's tar: names
/// sorted, whole seconds, the character device 0:0 as ".wh.<name>", an opaque directory with ".wh..wh..opq", hard
/// links, the xattrs that layers may hold. Equal trees give equal bytes, and what is unpacked from the tar gives the
/// same tar again. @throws Error, also for an overlay that was mounted with redirect_dir or metacopy
LayerTarred write_layer_tar(const std::string& tree, const TarWriter::Sink& sink, const LayerTarOptions& options = {});

/// Sets times of files and directories that are later than `newest` (seconds) back to it.
void set_back_times(const std::string& tree, std::int64_t newest);

/// Writes what the overlay of these directories (topmost first) shows. @throws Error
void write_merged_tar(const std::vector<std::string>& layers, const TarWriter::Sink& sink);

/// Writes what lies at a path below `root`, called `name` in the archive ("." for a directory's content alone), as its
/// processes see it: across mounts, with names like ".wh.x" as they are. Links on the way are followed inside the root,
/// one at the end only if `follow`. @throws Error(not_found) if there is nothing
void write_tree_tar(const RootDir& root, const std::string& path, bool follow, const std::string& name,
                    const TarWriter::Sink& sink);

}  // namespace hoist::storage
