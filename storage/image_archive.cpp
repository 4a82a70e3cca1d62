// SPDX-License-Identifier: Apache-2.0
#include "storage/image_archive.h"

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/image_config.h"

namespace hoist::storage {
namespace {

constexpr int deepest_index = 4;

/// Reads the archive's parts by name or digest.
class Reader {
public:
    explicit Reader(const ArchiveIndex& archive) : archive_(archive) {}

    const std::string* find(const std::string& name) const {
        const auto it = archive_.documents.find(clean_path(name).substr(1));
        return it == archive_.documents.end() ? nullptr : &it->second;
    }
    const std::string& document(const std::string& name) const {
        if (const auto* text = find(name)) return *text;
        fail(Kind::invalid, "the archive has no file {}", escape_for_terminal(name));
    }
    /// A blob of an OCI layout, whose digest is checked.
    const std::string& blob(const std::string& digest) const {
        const std::string& text = document("blobs/sha256/" + digest.substr(digest.find(':') + 1));
        if (sha256_digest(text) != digest)
            fail(Kind::invalid, "the bytes of {} do not have this digest", escape_for_terminal(digest));
        return text;
    }
    /// A layer by the file's name; links of the archive are followed.
    const ArchiveIndex::Layer& layer(const std::string& written) const {
        std::string name = clean_path(written).substr(1);
        for (int i = 0; i < 8; ++i) {
            if (const auto it = archive_.layers.find(name); it != archive_.layers.end()) return it->second;
            const auto link = archive_.links.find(name);
            if (link == archive_.links.end()) break;
            name = clean_path(split_path("/" + name).parent + "/" + link->second).substr(1);
        }
        fail(Kind::invalid, "the archive has no layer {}", escape_for_terminal(written));
    }
    const ArchiveIndex::Layer* layer_with(const std::string& diff_id) const {
        for (const auto& [name, layer] : archive_.layers)
            if (layer.diff_id == diff_id) return &layer;
        return nullptr;
    }

private:
    const ArchiveIndex& archive_;
};

bool is_index(const Json& descriptor_or_document) {
    const auto type = json_value(descriptor_or_document, "mediaType", std::string{});
    return type == oci_index_type || type == docker_list_type;
}

/// What an OCI layout's manifest and its configuration are, wherever indexes lead to it.
struct Found {
    std::string manifest, config;
    std::vector<std::string> references;
};

std::string digest_of(const Json& descriptor) {
    const auto digest = json_value(descriptor, "digest", std::string{});
    if (!digest.starts_with("sha256:")) fail(Kind::invalid, "a descriptor without a sha256 digest");
    return digest;
}

Json config_descriptor(const Json& manifest) {
    if (manifest.contains("manifests")) fail(Kind::invalid, "a manifest that is also an index");
    const auto it = manifest.find("config");
    if (it == manifest.end() || !it->is_object()) fail(Kind::invalid, "a manifest without a configuration");
    return *it;
}

/// Names that tools put on an index's entry: a whole reference, or only its tag, which names nothing.
std::vector<std::string> references_of(const Json& entry) {
    const auto notes = json_value(entry, "annotations", std::map<std::string, std::string>{});
    for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
        const auto it = notes.find(key);
        if (it == notes.end() || it->second.find_first_of(":/") == std::string::npos) continue;
        if (const Reference parsed = parse_reference(it->second); parsed.digest.empty()) return {parsed.canonical()};
    }
    return {};
}

std::vector<Found> manifests_of(const Reader& reader, const Json& index) {
    std::vector<Found> found;
    for (const auto& outer : json_value(index, "manifests", Json::array())) {
        Json entry = outer;
        int depth = 0;
        while (is_index(entry)) {
            if (++depth > deepest_index) fail(Kind::invalid, "indexes nested deeper than {} levels", deepest_index);
            const auto digest = digest_of(entry);
            entry = choose_platform(parse_json(reader.blob(digest), "index " + digest));
        }
        Found one;
        const auto digest = digest_of(entry);
        one.manifest = reader.blob(digest);
        one.config = reader.blob(digest_of(config_descriptor(parse_json(one.manifest, "manifest " + digest))));
        one.references = references_of(outer);
        found.push_back(std::move(one));
    }
    return found;
}

/// A manifest for a configuration that came without one.
std::string manifest_of(const Reader& reader, const std::string& config) {
    Json layers = Json::array();
    for (const auto& diff_id : parse_diff_ids(parse_json(config, "the image's configuration"))) {
        const auto* layer = reader.layer_with(diff_id);
        if (!layer) fail(Kind::invalid, "the archive has no layer {}", escape_for_terminal(diff_id));
        layers.push_back(plain_descriptor({diff_id, layer->size}));
        if (layer->digest == diff_id) continue;
        layers.back()["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip";
        layers.back()["digest"] = layer->digest;
    }
    return make_manifest(config, layers);
}

void check_layers(const Reader& reader, const Json& item, const std::string& config) {
    const auto diff_ids = parse_diff_ids(parse_json(config, "the image's configuration"));
    const auto files = json_value(item, "Layers", std::vector<std::string>{});
    if (files.size() != diff_ids.size())
        fail(Kind::invalid, "manifest.json lists {} layers, the image's configuration {}", files.size(),
             diff_ids.size());
    for (std::size_t at = 0; at < files.size(); ++at)
        if (const auto& layer = reader.layer(files[at]); layer.diff_id != diff_ids[at])
            fail(Kind::invalid, "layer {} has the digest {}, not {} as the image's configuration says",
                 escape_for_terminal(files[at]), layer.diff_id, escape_for_terminal(diff_ids[at]));
}

std::vector<ReceivedImage> docker_images(const Reader& reader, const Json& list, const std::vector<Found>& manifests) {
    if (!list.is_array()) fail(Kind::invalid, "manifest.json is not a list");
    std::vector<ReceivedImage> images;
    for (const auto& item : list) {
        ReceivedImage image;
        image.config = reader.document(json_value(item, "Config", std::string{}));
        check_layers(reader, item, image.config);
        for (const auto& name : json_value(item, "RepoTags", std::vector<std::string>{}))
            image.references.push_back(parse_reference(name).canonical());
        const auto same = std::find_if(manifests.begin(), manifests.end(),
                                       [&](const auto& found) { return found.config == image.config; });
        image.manifest = same == manifests.end() ? manifest_of(reader, image.config) : same->manifest;
        images.push_back(std::move(image));
    }
    return images;
}

std::string platform_of(const Json& entry) {
    const Json platform = json_value(entry, "platform", Json::object());
    std::string text =
        json_value(platform, "os", std::string("?")) + "/" + json_value(platform, "architecture", std::string("?"));
    if (const auto variant = json_value(platform, "variant", std::string{}); !variant.empty()) text += "/" + variant;
    return text;
}

/// Whether an image for `offered` runs on `wanted`; a variant counts only where it was asked for.
bool suits(const std::string& offered, const std::string& wanted) {
    return offered == wanted ||
           (std::count(wanted.begin(), wanted.end(), '/') == 1 && offered.starts_with(wanted + "/"));
}

}  // namespace

std::string machine_platform() {
    return "linux/" + machine_architecture();
}

Json choose_platform(const Json& index, const std::string& platform) {
    const std::string wanted = platform.empty() ? machine_platform() : platform;
    std::vector<std::string> offered;
    const Json entries = json_value(index, "manifests", Json::array());
    if (!entries.is_array()) fail(Kind::invalid, "the index's \"manifests\" is not a list");
    for (const auto& entry : entries) {
        if (!entry.is_object()) fail(Kind::invalid, "the index's \"manifests\" holds something that is no descriptor");
        const std::string here = platform_of(entry);
        if (suits(here, wanted)) return entry;
        if (here != "unknown/unknown") offered.push_back(escape_for_terminal(here));
    }
    if (entries.size() == 1 && !entries[0].contains("platform")) return entries[0];
    fail(Kind::not_found, "the image is not there for {}, only for {}", wanted, join(offered, ", "));
}

std::vector<ReceivedImage> images_in(const ArchiveIndex& archive) {
    const Reader reader(archive);
    std::vector<Found> manifests;
    if (const auto* text = reader.find("index.json")) manifests = manifests_of(reader, parse_json(*text, "index.json"));
    if (const auto* text = reader.find("manifest.json"))
        return docker_images(reader, parse_json(*text, "manifest.json"), manifests);
    if (manifests.empty())
        fail(Kind::invalid,
             "the archive has neither manifest.json nor index.json: it holds no images (a root file system's tar is "
             "read by: hoist import FILE NAME)");
    std::vector<ReceivedImage> images;
    for (auto& found : manifests) {
        ReceivedImage image;
        image.config = std::move(found.config);
        image.manifest = std::move(found.manifest);
        image.references = std::move(found.references);
        images.push_back(std::move(image));
    }
    return images;
}

}  // namespace hoist::storage
