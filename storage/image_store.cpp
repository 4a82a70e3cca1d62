// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/stat.h>

#include <shared_mutex>
#include <unordered_map>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/image.h"
#include "storage/image_config.h"
#include "storage/layout.h"
#include "storage/unpacked_layer.h"

namespace hoist::storage {
namespace {

bool is_hex(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Image image_of(const ImageRow& row) {
    Image image;
    image.id = row.id;
    image.raw_config = parse_json(row.config, "configuration of image " + row.id);
    image.config = parse_image_config(image.raw_config);
    image.diff_ids = parse_diff_ids(image.raw_config);
    image.architecture = json_value(image.raw_config, "architecture", std::string{});
    image.os = json_value(image.raw_config, "os", std::string{});
    image.created = row.created;
    image.size = row.size;
    return image;
}

}  // namespace

struct ImageStore::State {
    State(const Layout& where, Database& in) : layout(where), database(in) {}

    const Layout layout;
    Database& database;
    mutable std::shared_mutex mutex;  ///< of what follows, and never held over a wait
    std::map<std::string, Image> images;
    std::map<std::string, std::string> tags;  ///< canonical reference to image id
    std::mutex publishing;  ///< one change of layers at a time: a removal cannot take what an import is about to use

    void load();
    void sweep(const std::vector<LayerRow>& known) const;
    std::string publish(UnpackedLayer layer, const ImportOptions& options);
    void set_tag(const std::string& reference, const std::string& id);
    std::optional<std::string> resolve(const std::string& name, std::string* reference) const;
    std::optional<std::string> resolve_id(const std::string& name) const;
    std::vector<std::string> unused_layers(const Image& image) const;
    void discard_layers(const std::vector<std::string>& diff_ids) const;
};

void ImageStore::State::load() {
    std::vector<ImageRow> rows;
    std::vector<TagRow> tag_rows;
    std::vector<LayerRow> layers;
    database.run([&](Transaction& transaction) {
        rows = transaction.images();
        tag_rows = transaction.tags();
        layers = transaction.layers();
    });
    for (const auto& row : rows) images[row.id] = image_of(row);
    for (const auto& row : tag_rows) set_tag(row.reference, row.image_id);
    sweep(layers);
}

/// Layers that were put in their place just before a crash, but are recorded nowhere.
void ImageStore::State::sweep(const std::vector<LayerRow>& known) const {
    std::set<std::string> recorded;
    for (const auto& row : known) recorded.insert(row.diff_id);
    const std::string parent = layout.root() + "/layers/sha256";
    std::vector<std::string> orphans;
    if (DIR* dir = ::opendir(parent.c_str())) {
        while (const dirent* entry = ::readdir(dir)) {
            const std::string name = entry->d_name;
            if (name.size() == 64 && !recorded.contains("sha256:" + name)) orphans.push_back("sha256:" + name);
        }
        ::closedir(dir);
    }
    discard_layers(orphans);
}

void ImageStore::State::set_tag(const std::string& reference, const std::string& id) {
    const std::string familiar = parse_reference(reference).familiar();
    if (const auto it = tags.find(reference); it != tags.end()) std::erase(images[it->second].references, familiar);
    tags[reference] = id;
    auto& names = images[id].references;
    names.insert(std::lower_bound(names.begin(), names.end(), familiar), familiar);
}

std::string ImageStore::State::publish(UnpackedLayer layer, const ImportOptions& options) {
    const TimePoint created = now();
    ImageRow row;
    row.config = make_image_config(layer.description(), options.changes, options.message, created);
    row.id = sha256_digest(row.config);
    row.manifest = make_manifest(row.config, layer.description());
    row.size = layer.size();
    row.created = created;
    Image image = image_of(row);
    const std::string reference = options.reference.empty() ? "" : parse_reference(options.reference).canonical();

    const std::lock_guard one_at_a_time(publishing);
    layer.move_into_place();
    try {
        fail_point("layer_placed");
        database.run([&](Transaction& transaction) {
            transaction.put(LayerRow{layer.description().diff_id, layer.size()});
            transaction.put(row);
            if (!reference.empty()) transaction.put(TagRow{reference, row.id});
        });
    } catch (...) {
        layer.take_back();
        throw;
    }
    const std::lock_guard lock(mutex);
    images[row.id] = std::move(image);
    if (!reference.empty()) set_tag(reference, row.id);
    return row.id;
}

/// An image's id from "sha256:<hex>", "<hex>" or a unique beginning of either.
std::optional<std::string> ImageStore::State::resolve_id(const std::string& name) const {
    const bool prefixed = name.starts_with("sha256:");
    const std::string digits = prefixed ? name.substr(7) : name;
    if (!is_hex(digits) || digits.size() > 64) return std::nullopt;
    const std::string start = "sha256:" + digits;
    const auto first = images.lower_bound(start);
    if (first == images.end() || !first->first.starts_with(start)) return std::nullopt;
    const auto second = std::next(first);
    if (second != images.end() && second->first.starts_with(start))
        fail(Kind::conflict, "\"{}\" is the beginning of several image ids; give more digits", name);
    return first->first;
}

/// A name before an id, as Docker: an image may be called "cafe".
std::optional<std::string> ImageStore::State::resolve(const std::string& name, std::string* reference) const {
    if (name.starts_with("sha256:")) return resolve_id(name);
    try {
        const Reference parsed = parse_reference(name);
        const std::string canonical = parsed.canonical();
        if (const auto it = tags.find(canonical); it != tags.end()) {
            if (reference) *reference = canonical;
            return it->second;
        }
    } catch (const Error&) {
        if (!is_hex(name)) throw;
    }
    return resolve_id(name);
}

std::vector<std::string> ImageStore::State::unused_layers(const Image& image) const {
    std::set<std::string> unused(image.diff_ids.begin(), image.diff_ids.end());
    for (const auto& [id, other] : images) {
        if (id == image.id) continue;
        for (const auto& diff_id : other.diff_ids) unused.erase(diff_id);
    }
    return {unused.begin(), unused.end()};
}

/// Renames layers into the trash: deleting can take as long as unpacking.
void ImageStore::State::discard_layers(const std::vector<std::string>& diff_ids) const {
    for (const auto& diff_id : diff_ids) {
        const std::string from = split_path(layout.layer(diff_id)).parent;
        const std::string to = layout.trash() + "/" + random_hex_id();
        if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
            fail_errno(errno, "move layer {} into the trash", diff_id);
    }
}

ImageStore::ImageStore(const Layout& layout, Database& database) : state_(std::make_unique<State>(layout, database)) {
    state_->load();
}

ImageStore::~ImageStore() = default;

std::string ImageStore::import(const Fd& tar, const ImportOptions& options) {
    Json checked = Json::object();  // mistakes in the options are told before a long unpacking
    for (const auto& change : options.changes) apply_change(checked, change);
    if (!options.reference.empty() && !parse_reference(options.reference).digest.empty())
        fail(Kind::invalid, "\"{}\": an import cannot be given a digest", escape_for_terminal(options.reference));
    return state_->publish(UnpackedLayer::unpack(state_->layout, tar, options), options);
}

std::optional<Image> ImageStore::find(const std::string& name) const {
    const std::shared_lock lock(state_->mutex);
    const auto id = state_->resolve(name, nullptr);
    if (!id) return std::nullopt;
    return state_->images.at(*id);
}

std::vector<Image> ImageStore::list() const {
    const std::shared_lock lock(state_->mutex);
    std::vector<Image> found;
    for (const auto& [id, image] : state_->images) found.push_back(image);
    return found;
}

void ImageStore::tag(const std::string& name, const std::string& reference) {
    const Reference parsed = parse_reference(reference);
    if (!parsed.digest.empty()) fail(Kind::invalid, "tag {}: a tag cannot have a digest", reference);
    const std::lock_guard one_at_a_time(state_->publishing);
    const auto image = find(name);
    if (!image) fail(Kind::not_found, "no such image: {}", escape_for_terminal(name));
    state_->database.run([&](Transaction& transaction) { transaction.put(TagRow{parsed.canonical(), image->id}); });
    const std::lock_guard lock(state_->mutex);
    state_->set_tag(parsed.canonical(), image->id);
}

std::vector<std::pair<std::string, std::string>> ImageStore::remove(const std::string& name, bool force) {
    State& state = *state_;
    const std::lock_guard one_at_a_time(state.publishing);
    std::string reference;
    std::optional<Image> image;
    {
        const std::shared_lock lock(state.mutex);
        if (const auto id = state.resolve(name, &reference)) image = state.images.at(*id);
    }
    if (!image) fail(Kind::not_found, "no such image: {}", escape_for_terminal(name));
    const auto& names = image->references;
    if (reference.empty() && names.size() > 1 && !force)
        fail(Kind::conflict, "image {} has several names ({}); remove them one by one, or use force", name,
             join(names, ", "));
    const bool last = reference.empty() || names.size() == 1;
    std::vector<std::string> removed_names = names, layers;
    if (!reference.empty()) removed_names = {parse_reference(reference).familiar()};
    if (last) {
        const std::shared_lock lock(state.mutex);
        layers = state.unused_layers(*image);
    }
    state.database.run([&](Transaction& transaction) {
        for (const auto& familiar : removed_names) transaction.remove_tag(parse_reference(familiar).canonical());
        if (last) transaction.remove_image(image->id);
        for (const auto& layer : layers) transaction.remove_layer(layer);
    });
    {
        const std::lock_guard lock(state.mutex);
        for (const auto& familiar : removed_names) {
            state.tags.erase(parse_reference(familiar).canonical());
            std::erase(state.images.at(image->id).references, familiar);
        }
        if (last) state.images.erase(image->id);
    }
    std::vector<std::pair<std::string, std::string>> happened;
    for (const auto& familiar : removed_names) happened.emplace_back("Untagged", familiar);
    if (last) happened.emplace_back("Deleted", image->id);
    state.discard_layers(layers);
    return happened;
}

std::vector<std::string> ImageStore::layer_directories(const Image& image) const {
    std::vector<std::string> directories;
    for (auto it = image.diff_ids.rbegin(); it != image.diff_ids.rend(); ++it) {
        directories.push_back(state_->layout.layer(*it));
        struct stat info {};
        if (::stat(directories.back().c_str(), &info) != 0)
            fail(Kind::not_found, "layer {} of image {} is missing; import the image again", *it, image.id);
    }
    return directories;
}

}  // namespace hoist::storage
