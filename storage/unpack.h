#pragma once
// SPDX-License-Identifier: Apache-2.0
// A layer's tar into a directory. Every entry lands below that directory or the whole archive is refused.
// (SEC-24..29)

#include <cstdint>
#include <string>

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

}  // namespace hoist::storage
