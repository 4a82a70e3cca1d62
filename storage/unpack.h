#pragma once
// SPDX-License-Identifier: Apache-2.0
// A layer's tar into a directory. Every entry lands below that directory or the whole archive is refused.
// (SEC-24..29)

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "storage/archive_stream.h"

namespace hoist::storage {

/// What an archive may ask for. The defaults are far above honest images and far below what hurts the host.
struct UnpackLimits {
    std::int64_t archive_bytes = std::int64_t{64} << 30;  ///< uncompressed
    std::int64_t content_bytes = std::int64_t{64} << 30;  ///< of all files together, holes included
    std::int64_t entries = 4'000'000;
    int depth = 256;                               ///< of directories; removing a tree takes a descriptor each
    std::int64_t name_bytes = 4000;                ///< of one path
    std::int64_t directory_name_bytes = 32 << 20;  ///< of all directories; kept until the end
    std::int64_t header_bytes = 2 << 20;           ///< of one entry: long names, PAX records, sparse maps
};

struct Unpacked {
    std::int64_t content_bytes = 0;
    std::int64_t entries = 0;
};

/// Unpacks a layer: owners, modes, times, xattrs, links, devices, holes; whiteouts become overlayfs's. What is left of
/// the stream belongs to the caller. Stops before the file system is full.
/// @throws Error(invalid) for a hostile or broken archive, with the entry's name; what is in `target` then is to be
/// thrown away
Unpacked unpack_layer(ArchiveStream& stream, const std::string& target, const UnpackLimits& limits);

/// How an archive is copied into a container.
struct CopyIn {
    std::string below;        ///< directory in the root that names start at; it is there
    bool keep_kinds = false;  ///< refuse a file in a directory's place and a directory in a file's
    std::optional<uid_t> uid;  ///< owners of all entries, instead of the archive's
    std::optional<gid_t> gid;
    UnpackLimits limits;
};

/// Unpacks an archive into a container's root, where links are followed as the container would, and never out of it,
/// whatever is renamed meanwhile. Names like ".wh.x" are files like any other. (SEC-21, SEC-23)
/// @throws Error; the entries before the one it names are in their place then
Unpacked copy_in(ArchiveStream& stream, const Fd& root, const CopyIn& how);

}  // namespace hoist::storage
