// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "storage/image.h"
#include "storage/image_store_state.h"

namespace hoist::storage {
namespace {

bool is_hex(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

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
    image.config_bytes = row.config;
    image.manifest = row.manifest;
    return image;
}

void ImageStore::State::load() {
    std::vector<ImageRow> rows;
    std::vector<TagRow> tag_rows;
    std::vector<LayerRow> layer_rows;
    database.run([&](Transaction& transaction) {
        rows = transaction.images();
        tag_rows = transaction.tags();
        layer_rows = transaction.layers();
    });
    for (const auto& row : rows) images[row.id] = image_of(row);
    for (const auto& row : tag_rows) set_tag(row.reference, row.image_id);
    for (const auto& row : layer_rows) layers[row.diff_id] = row;
    sweep();
}

/// Layers that were put in their place just before a crash, but are recorded nowhere.
void ImageStore::State::sweep() const {
    const std::string parent = layout.root() + "/layers/sha256";
    std::vector<std::string> orphans;
    if (DIR* dir = ::opendir(parent.c_str())) {
        while (const dirent* entry = ::readdir(dir)) {
            const std::string name = entry->d_name;
            if (name.size() == 64 && !layers.contains("sha256:" + name)) orphans.push_back("sha256:" + name);
        }
        ::closedir(dir);
    }
    discard_layers(orphans);
}

/// The list of an image's names that a reference belongs to.
std::vector<std::string>& names_of(Image& image, const Reference& reference) {
    return reference.digest.empty() ? image.references : image.digests;
}

void ImageStore::State::drop_tag(const std::string& reference) {
    const auto it = tags.find(reference);
    if (it == tags.end()) return;
    const Reference parsed = parse_reference(reference);
    if (const auto image = images.find(it->second); image != images.end())
        std::erase(names_of(image->second, parsed), parsed.familiar());
    tags.erase(it);
}

void ImageStore::State::set_tag(const std::string& reference, const std::string& id) {
    drop_tag(reference);
    const Reference parsed = parse_reference(reference);
    const std::string familiar = parsed.familiar();
    tags[reference] = id;
    auto& names = names_of(images[id], parsed);
    names.insert(std::lower_bound(names.begin(), names.end(), familiar), familiar);
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

ImageStore::ImageStore(const Layout& layout, Database& database) : state_(std::make_unique<State>(layout, database)) {
    state_->load();
}

ImageStore::~ImageStore() = default;

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
