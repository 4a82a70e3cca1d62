#pragma once
// SPDX-License-Identifier: Apache-2.0
// Manifests and indexes as registries give them: read strictly, since they are only believed for their digest. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace hoist::registry {

inline constexpr std::size_t largest_manifest = 4 << 20;
inline constexpr std::size_t largest_config = 8 << 20;
inline constexpr int deepest_index = 4;

struct Descriptor {
    std::string media_type, digest;
    std::int64_t size = 0;
};
/// @throws Error(invalid) that says what is wrong with it
Descriptor parse_descriptor(const Json& object);

struct Manifest {
    std::string media_type;
    Json document;
    bool is_index = false;
    Descriptor config;               ///< of a manifest
    std::vector<Descriptor> layers;  ///< of a manifest, bottom first
};
/// @param content_type  of the answer; what the document says of itself has to agree with it (CVE-2021-41190)
/// @throws Error(invalid) for what is neither an image's manifest nor an index, or both
Manifest parse_manifest(const std::string& bytes, const std::string& content_type);

/// What to name in an Accept header when a manifest is asked for.
std::string manifest_types();

}  // namespace hoist::registry
