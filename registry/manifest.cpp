// SPDX-License-Identifier: Apache-2.0
#include "registry/manifest.h"

#include "base/error.h"
#include "base/text.h"
#include "storage/image_archive.h"

namespace hoist::registry {
namespace {

constexpr std::size_t most_layers = 1000;

bool is_sha256(const std::string& digest) {
    return digest.size() == 71 && digest.starts_with("sha256:") &&
           digest.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
}

bool is_index_type(const std::string& type) {
    return type == storage::oci_index_type || type == storage::docker_list_type;
}
bool is_manifest_type(const std::string& type) {
    return type == storage::oci_manifest_type || type == storage::docker_manifest_type;
}

std::string type_of(const Json& document, const std::string& content_type) {
    const auto own = json_value(document, "mediaType", std::string{});
    std::string sent = content_type.substr(0, content_type.find(';'));
    sent = std::string(trim(sent));
    if (!own.empty() && (is_index_type(sent) || is_manifest_type(sent)) && own != sent)
        fail(Kind::invalid, "the manifest says it is {}, but was sent as {}", escape_for_terminal(own), sent);
    if (!own.empty()) return own;
    if (is_index_type(sent) || is_manifest_type(sent)) return sent;
    return document.contains("manifests") ? storage::oci_index_type : storage::oci_manifest_type;
}

}  // namespace

Descriptor parse_descriptor(const Json& object) {
    if (!object.is_object()) fail(Kind::invalid, "a descriptor is not an object");
    Descriptor found;
    found.media_type = json_value(object, "mediaType", std::string{});
    found.digest = json_value(object, "digest", std::string{});
    found.size = json_value(object, "size", std::int64_t{-1});
    if (!is_sha256(found.digest))
        fail(Kind::invalid, "a descriptor's digest \"{}\" is no sha256 digest",
             escape_for_terminal(found.digest.substr(0, 100)));
    if (found.size < 0) fail(Kind::invalid, "the descriptor of {} has no size", found.digest);
    return found;
}

Manifest parse_manifest(const std::string& bytes, const std::string& content_type) {
    if (bytes.size() > largest_manifest) fail(Kind::invalid, "the manifest is longer than {} bytes", largest_manifest);
    Manifest found;
    found.document = parse_json(bytes, "the manifest");
    if (!found.document.is_object()) fail(Kind::invalid, "the manifest is not an object");
    if (json_value(found.document, "schemaVersion", 0) == 1)
        fail(Kind::invalid, "the image has a manifest of the old schema 1; push it again with a newer tool");
    found.media_type = type_of(found.document, content_type);
    const bool lists = found.document.contains("manifests"), layers = found.document.contains("layers");
    if (lists && layers) fail(Kind::invalid, "the manifest has both \"layers\" and \"manifests\"");
    found.is_index = is_index_type(found.media_type);
    if (found.is_index != lists || (!found.is_index && !is_manifest_type(found.media_type)))
        fail(Kind::invalid, "{} is not the manifest of an image", escape_for_terminal(found.media_type));
    if (found.is_index) return found;
    if (!found.document.contains("config")) fail(Kind::invalid, "the manifest names no configuration");
    found.config = parse_descriptor(found.document["config"]);
    if (found.config.media_type != "application/vnd.oci.image.config.v1+json" &&
        found.config.media_type != "application/vnd.docker.container.image.v1+json")
        fail(Kind::invalid, "it is no image of a container, but {}", escape_for_terminal(found.config.media_type));
    const Json list = json_value(found.document, "layers", Json::array());
    if (!list.is_array() || list.size() > most_layers)
        fail(Kind::invalid, "the manifest's \"layers\" is not a list of at most {}", most_layers);
    for (const auto& layer : list) found.layers.push_back(parse_descriptor(layer));
    return found;
}

std::string manifest_types() {
    return fmt::format("{}, {}, {}, {}", storage::oci_manifest_type, storage::oci_index_type,
                       storage::docker_manifest_type, storage::docker_list_type);
}

}  // namespace hoist::registry
