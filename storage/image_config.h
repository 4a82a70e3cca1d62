#pragma once
// SPDX-License-Identifier: Apache-2.0
// Image configurations: reading them, and making one for an imported root file system.

#include <string>
#include <vector>

#include "base/json.h"
#include "storage/image.h"

namespace hoist::storage {

/// The parts of an OCI image configuration that hoist uses. @throws Error(invalid) that names the key
ImageConfig parse_image_config(const Json& raw);
/// "rootfs.diff_ids", bottom layer first. @throws Error(invalid)
std::vector<std::string> parse_diff_ids(const Json& raw);

/// Applies one Dockerfile instruction ("CMD [\"sh\"]", "ENV A=1") to the "config" object of an image configuration.
/// @throws Error(invalid) that names the instruction
void apply_change(Json& config, const std::string& instruction);

/// One layer of a new image.
struct NewLayer {
    std::string diff_id;
    std::int64_t archive_bytes = 0;
};
/// The configuration of a one-layer image. @see image-spec config.md
std::string make_image_config(const NewLayer& layer, const std::vector<std::string>& changes,
                              const std::string& message, TimePoint created);
/// How a manifest names a layer by its uncompressed tar.
Json plain_descriptor(const NewLayer& layer);
/// The manifest that names configuration and layers (an array of descriptors). @see image-spec manifest.md
std::string make_manifest(const std::string& config, const Json& layers);
/// This machine's architecture in the words of image-spec ("amd64").
std::string machine_architecture();

}  // namespace hoist::storage
