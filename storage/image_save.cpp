// SPDX-License-Identifier: Apache-2.0
// Images as an archive that is an OCI layout and a docker-archive at once: whoever reads either, can read it. What
// describes the images comes first, so that a reader of a stream knows what it may pass over.
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "storage/image_archive.h"
#include "storage/image_store_state.h"
#include "storage/layer_archive.h"

namespace hoist::storage {
namespace {

std::string blob_name(const std::string& digest) {
    return "blobs/sha256/" + digest.substr(digest.find(':') + 1);
}

/// One image, and the descriptors of its layers as they can be written.
struct Saved {
    Image image;
    std::string config, manifest;
    std::vector<std::string> names;  ///< canonical
    std::vector<Json> layers;
};

class Saver {
public:
    Saver(const Layout& layout, const TarWriter::Sink& sink) : layout_(layout), tar_(sink) {}

    /// Chooses what to write of a layer: the archive that the manifest names, if it is kept; else the plain tar.
    Json layer_descriptor(const std::string& diff_id, const Json& named, Bytes archive_size) const {
        const auto digest = json_value(named, "digest", std::string{});
        if (digest == diff_id || find_blob(layout_, diff_id, digest)) return named;
        return plain_descriptor({diff_id, archive_size.count});
    }

    void write(const std::vector<Saved>& images) {
        Json index = {{"schemaVersion", 2}, {"mediaType", oci_index_type}, {"manifests", Json::array()}};
        Json list = Json::array();
        for (const auto& saved : images) {
            for (auto& entry : index_entries(saved)) index["manifests"].push_back(std::move(entry));
            list.push_back(docker_entry(saved));
        }
        file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
        file("index.json", index.dump());
        file("manifest.json", list.dump());
        directory("blobs/");
        directory("blobs/sha256/");
        for (const auto& saved : images) {
            file(blob_name(sha256_digest(saved.manifest)), saved.manifest);
            file(blob_name(saved.image.id), saved.config);
        }
        for (const auto& saved : images)
            for (std::size_t at = 0; at < saved.layers.size(); ++at) layer(saved.image.diff_ids[at], saved.layers[at]);
        tar_.finish();
    }

private:
    static std::vector<Json> index_entries(const Saved& saved) {
        Json entry = {
            {"mediaType", json_value(Json::parse(saved.manifest), "mediaType", std::string(oci_manifest_type))},
            {"digest", sha256_digest(saved.manifest)},
            {"size", saved.manifest.size()}};
        if (!saved.image.architecture.empty())
            entry["platform"] = {{"architecture", saved.image.architecture}, {"os", saved.image.os}};
        if (saved.names.empty()) return {entry};
        std::vector<Json> entries;
        for (const auto& name : saved.names) {
            entry["annotations"] = {{"io.containerd.image.name", name},
                                    {"org.opencontainers.image.ref.name", parse_reference(name).tag}};
            entries.push_back(entry);
        }
        return entries;
    }

    static Json docker_entry(const Saved& saved) {
        Json files = Json::array(), tags = Json::array();
        for (const auto& layer : saved.layers) files.push_back(blob_name(layer["digest"].get<std::string>()));
        for (const auto& name : saved.names) tags.push_back(parse_reference(name).familiar());
        return {{"Config", blob_name(saved.image.id)}, {"RepoTags", tags}, {"Layers", files}};
    }

    void directory(const std::string& name) {
        TarMember member;
        member.name = name;
        member.type = '5';
        member.mode = 0755;
        tar_.begin(member);
    }

    void file(const std::string& name, std::string_view bytes) {
        if (!written_.insert(name).second) return;
        TarMember member;
        member.name = name;
        tar_.add(std::move(member), bytes);
    }

    void layer(const std::string& diff_id, const Json& descriptor) {
        const auto digest = descriptor["digest"].get<std::string>();
        TarMember member;
        member.name = blob_name(digest);
        member.size = descriptor["size"].get<std::int64_t>();
        if (!written_.insert(member.name).second) return;
        if (digest == diff_id) {
            tar_.begin(member);
            return write_layer_archive(layout_, diff_id, [&](std::string_view bytes) { tar_.content(bytes); });
        }
        const Fd blob = open_file(*find_blob(layout_, diff_id, digest), O_RDONLY);
        struct stat info {};
        check(::fstat(blob.get(), &info), "look at layer {}", diff_id);
        member.size = info.st_size;
        tar_.begin(member);
        std::string buffer(256 * 1024, '\0');
        while (const ssize_t got = check(::read(blob.get(), buffer.data(), buffer.size()), "read layer {}", diff_id))
            tar_.content({buffer.data(), static_cast<std::size_t>(got)});
    }

    const Layout& layout_;
    TarWriter tar_;
    std::set<std::string> written_;
};

}  // namespace

void ImageStore::save(const std::vector<std::string>& names, const TarWriter::Sink& sink) const {
    Saver saver(state_->layout, sink);
    std::vector<Saved> images;
    std::vector<std::string> diff_ids;
    for (const auto& name : names) {
        std::string reference;
        const auto image = find(name);
        if (!image) fail(Kind::not_found, "no such image: {}", escape_for_terminal(name));
        diff_ids.insert(diff_ids.end(), image->diff_ids.begin(), image->diff_ids.end());
        auto it =
            std::find_if(images.begin(), images.end(), [&](const auto& one) { return one.image.id == image->id; });
        if (it == images.end()) {
            images.emplace_back();
            it = std::prev(images.end());
            it->image = *image;
        }
        const std::shared_lock lock(state_->mutex);
        state_->resolve(name, &reference);
        if (reference.find('@') == std::string::npos && !reference.empty()) it->names.push_back(reference);
    }
    const LayerPin kept(state_->pins, diff_ids);
    for (auto& saved : images) {
        saved.config = saved.image.config_bytes;
        const Json manifest = parse_json(saved.image.manifest, "manifest of image " + saved.image.id);
        const Json named = json_value(manifest, "layers", Json::array());
        for (std::size_t at = 0; at < saved.image.diff_ids.size(); ++at) {
            const auto& diff_id = saved.image.diff_ids[at];
            saved.layers.push_back(
                saver.layer_descriptor(diff_id, at < named.size() ? named[at] : Json(), archive_size(diff_id)));
        }
        const bool same = Json(saved.layers) == named;
        saved.manifest = same ? saved.image.manifest : make_manifest(saved.config, Json(saved.layers));
    }
    saver.write(images);
}

}  // namespace hoist::storage
