#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is in an archive of images besides its layers: who belongs to whom. Pure.

#include <map>
#include <string>
#include <vector>

#include "storage/image.h"

namespace hoist::storage {

/// An archive after it was read.
struct ArchiveIndex {
    std::map<std::string, std::string> documents;  ///< JSON files by name
    std::map<std::string, std::string> links;      ///< names that are links, and what they lead to
    struct Layer {
        std::string diff_id, digest;  ///< digest: as it lies in the archive
        std::int64_t size = 0;        ///< as it lies in the archive
    };
    std::map<std::string, Layer> layers;  ///< by the file's name
};

/// The images of the archive, after "index.json" (OCI layout) and "manifest.json" (docker-archive).
/// @throws Error(invalid) for what is missing or does not fit
std::vector<ReceivedImage> images_in(const ArchiveIndex& archive);

/// An index's entry for this machine. @throws Error(not_found) that lists the platforms there are
Json choose_platform(const Json& index, const std::string& platform = "");
/// "linux/amd64" of this machine.
std::string machine_platform();

inline constexpr const char* oci_manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* oci_index_type = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* docker_manifest_type = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* docker_list_type = "application/vnd.docker.distribution.manifest.list.v2+json";

}  // namespace hoist::storage
