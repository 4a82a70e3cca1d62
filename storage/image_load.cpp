// SPDX-License-Identifier: Apache-2.0
// Archives of images, read in one pass: layers are unpacked as they come, before it is known whose they are.
#include <archive_entry.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/image_archive.h"
#include "storage/image_store_state.h"
#include "storage/tar_reader.h"

namespace hoist::storage {
namespace {

constexpr std::int64_t largest_document = 4 << 20;
constexpr std::int64_t largest_documents = 16 << 20;  ///< all together
constexpr std::size_t most_files = 20'000;

/// The content of one entry of the outer archive.
class EntrySource : public RawSource {
public:
    EntrySource(TarReader& reader, std::string first) : reader_(reader), first_(std::move(first)) { left_ = first_; }

    std::size_t read(char* to, std::size_t size) override {
        while (left_.empty()) {
            TarReader::Piece piece;
            if (!reader_.next_piece(piece)) return 0;
            left_ = piece.bytes;
        }
        const auto some = left_.substr(0, size);
        std::copy(some.begin(), some.end(), to);
        left_.remove_prefix(some.size());
        count(some.size());
        return some.size();
    }

private:
    TarReader& reader_;
    std::string first_;
    std::string_view left_;
};

bool is_document(std::string_view first) {
    const auto at = first.find_first_not_of(" \t\r\n");
    const bool json = at != std::string_view::npos && (first[at] == '{' || first[at] == '[');
    return json && (first.size() < 512 || first.substr(257, 5) != "ustar");
}

/// The digest in "blobs/sha256/<hex>", "<hex>.tar" or "<hex>/layer.tar"; empty if the name has none.
std::string digest_in(const std::string& name) {
    for (const auto& part : split(name, '/')) {
        const std::string digits = part.substr(0, part.find('.'));
        if (digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string::npos)
            return "sha256:" + digits;
    }
    return {};
}

class Loader {
public:
    Loader(ImageStore& store, const Fd& archive, const LoadOptions& options)
        : store_(store),
          options_(options),
          stream_(archive, {.limit = std::int64_t{1} << 50, .progress = options.progress, .hash = false}),
          reader_(stream_, options.limits.header_bytes) {}

    std::vector<LoadedImage> run() {
        while (archive_entry* entry = reader_.next()) {
            const char* raw = archive_entry_pathname(entry);
            const std::string name = clean_path(raw ? raw : "").substr(1);
            if (++files_ > most_files) fail(Kind::invalid, "the archive holds more than {} files", most_files);
            if (const char* link = archive_entry_symlink(entry))
                index_.links[name] = link;
            else if (const char* same = archive_entry_hardlink(entry))
                index_.links[name] = "/" + std::string(same);
            else if (archive_entry_filetype(entry) == AE_IFREG)
                take(name, archive_entry_size(entry));
        }
        stream_.finish();
        return store_.add_images(images_in(index_), std::move(layers_));
    }

private:
    void take(const std::string& name, std::int64_t size) {
        std::string first;
        TarReader::Piece piece;
        while (first.size() < 512 && reader_.next_piece(piece)) first += piece.bytes;
        if (size <= largest_document && is_document(first)) return take_document(name, std::move(first));
        const bool compressed = compression_of(first) != Compression::none;
        if (size < 512 && !compressed) return;  // "VERSION" and the like
        try {
            take_layer(name, size, std::move(first));
        } catch (Error& error) {
            throw error.during("{}", escape_for_terminal(name));
        }
    }

    void take_document(const std::string& name, std::string text) {
        TarReader::Piece piece;
        while (reader_.next_piece(piece)) text += piece.bytes;
        if ((document_bytes_ += std::ssize(text)) > largest_documents)
            fail(Kind::invalid, "the archive's JSON files are longer than {} bytes", largest_documents);
        index_.documents[name] = std::move(text);
    }

    void take_layer(const std::string& name, std::int64_t size, std::string first) {
        if (take_known(name, size)) return;
        LayerInput input;
        input.source = std::make_unique<EntrySource>(reader_, std::move(first));
        input.limits = options_.limits;
        input.keep_compressed = true;
        UnpackedLayer layer = store_.receive_layer(std::move(input));
        index_.layers[name] = {layer.description().diff_id, layer.digest(), size};
        layers_.push_back(std::move(layer));
    }

    /// A layer that is in the store already is passed over.
    bool take_known(const std::string& name, std::int64_t size) {
        const std::string digest = digest_in(name);
        if (digest.empty()) return false;
        const auto diff_id = store_.has_layer(digest) ? digest : store_.find_layer_of(digest).value_or("");
        if (diff_id.empty()) return false;
        try {
            pins_.push_back(store_.pin({diff_id}));
        } catch (const Error&) {
            return false;  // it went in this moment
        }
        index_.layers[name] = {diff_id, digest, size};
        return true;
    }

    ImageStore& store_;
    const LoadOptions& options_;
    ArchiveStream stream_;
    TarReader reader_;
    ArchiveIndex index_;
    std::vector<UnpackedLayer> layers_;
    std::vector<LayerPin> pins_;
    std::int64_t document_bytes_ = 0;
    std::size_t files_ = 0;
};

}  // namespace

std::vector<LoadedImage> ImageStore::load(const Fd& archive, const LoadOptions& options) {
    try {
        return Loader(*this, archive, options).run();
    } catch (Error& error) {
        throw error.during("load images");
    }
}

UnpackedLayer ImageStore::receive_layer(LayerInput input) const {
    return UnpackedLayer::unpack(state_->layout, std::move(input));
}

std::optional<std::string> ImageStore::find_layer_of(const std::string& archive_digest) const {
    const std::shared_lock lock(state_->mutex);
    for (const auto& [id, image] : state_->images) {
        const Json manifest = parse_json(image.manifest, "manifest of image " + id);
        const Json listed = json_value(manifest, "layers", Json::array());
        for (std::size_t at = 0; at < listed.size() && at < image.diff_ids.size(); ++at)
            if (json_value(listed[at], "digest", std::string{}) == archive_digest &&
                state_->layers.contains(image.diff_ids[at]))
                return image.diff_ids[at];
    }
    return std::nullopt;
}

namespace {

/// Checks that an image's parts belong together. @return its row, without a size
ImageRow checked_row(const ReceivedImage& image) {
    ImageRow row;
    row.id = sha256_digest(image.config);
    row.config = image.config;
    row.manifest = image.manifest;
    const Json manifest = parse_json(image.manifest, "the image's manifest");
    const Json config = json_value(manifest, "config", Json::object());
    if (json_value(config, "digest", std::string{}) != row.id)
        fail(Kind::invalid, "the manifest names another configuration than {}", row.id);
    const Json parsed = parse_json(image.config, "the image's configuration");
    row.created = parse_time(json_value(parsed, "created", std::string{})).value_or(TimePoint{});
    const auto diff_ids = parse_diff_ids(parsed);
    if (diff_ids.empty()) fail(Kind::invalid, "image {} has no layers", row.id);
    if (json_value(manifest, "layers", Json::array()).size() != diff_ids.size())
        fail(Kind::invalid, "manifest and configuration of image {} list different numbers of layers", row.id);
    return row;
}

}  // namespace

std::vector<LoadedImage> ImageStore::add_images(const std::vector<ReceivedImage>& images,
                                                std::vector<UnpackedLayer> layers) {
    std::vector<ImageRow> rows;
    std::vector<TagRow> names;
    std::vector<LoadedImage> added;
    std::map<std::string, Bytes> sizes;
    for (const auto& layer : layers) sizes[layer.description().diff_id] = layer.size();
    std::set<std::string> used;
    const std::lock_guard one_at_a_time(state_->publishing);
    for (const auto& image : images) {
        ImageRow row = checked_row(image);
        for (const auto& diff_id : parse_diff_ids(parse_json(image.config, "the image's configuration"))) {
            used.insert(diff_id);
            const auto fresh = sizes.find(diff_id);
            if (fresh == sizes.end() && !has_layer(diff_id))
                fail(Kind::invalid, "layer {} of image {} is missing", escape_for_terminal(diff_id), row.id);
            row.size.count += (fresh != sizes.end() ? fresh->second : state_->size_of({diff_id})).count;
        }
        LoadedImage one;
        one.id = row.id;
        for (const auto& reference : image.references) {
            const Reference parsed = parse_reference(reference);
            names.push_back({parsed.canonical(), row.id});
            one.references.push_back(parsed.familiar());
        }
        rows.push_back(std::move(row));
        added.push_back(std::move(one));
    }
    std::vector<UnpackedLayer> wanted;
    for (auto& layer : layers)
        if (used.contains(layer.description().diff_id)) wanted.push_back(std::move(layer));
    state_->publish(std::move(wanted), rows, names);
    return added;
}

}  // namespace hoist::storage
