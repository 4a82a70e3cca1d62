#pragma once
// SPDX-License-Identifier: Apache-2.0
// The archives of layers that are in the store, as they came or made again.

#include <optional>
#include <string>

#include "base/json.h"
#include "storage/layout.h"
#include "base/tar_writer.h"

namespace hoist::storage {

/// Where a layer's directory keeps its compressed archive of this digest.
std::string blob_path(const std::string& layer_directory, const std::string& digest);

/// Writes a layer's uncompressed tar. @throws Error(invalid) if what comes out is not what the diffID says
void write_layer_archive(const Layout& layout, const std::string& diff_id, const TarWriter::Sink& sink);

/// Checks a layer's files against its diffID, and its kept archive against that one's digest. @throws Error
void verify_layer(const Layout& layout, const std::string& diff_id);

/// The layer's compressed archive of this digest; nullopt if it is not kept.
std::optional<std::string> find_blob(const Layout& layout, const std::string& diff_id, const std::string& digest);
/// The descriptor of some compressed archive that the layer keeps. nullopt if it keeps none.
std::optional<Json> kept_descriptor(const Layout& layout, const std::string& diff_id);
/// Compresses the layer's archive with gzip and keeps it, durably; the descriptor for a manifest.
Json compress_layer(const Layout& layout, const std::string& diff_id);

}  // namespace hoist::storage
