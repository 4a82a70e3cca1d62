// SPDX-License-Identifier: Apache-2.0
// New layers and images: made beside the store, then put in it in one step.
#include "base/error.h"
#include "base/fail_point.h"
#include "base/text.h"
#include "storage/image_store_state.h"
#include "storage/layer_archive.h"

namespace hoist::storage {
namespace {

/// The references in their canonical form; checked before anything is done.
std::vector<std::string> canonical_names(const std::vector<std::string>& references) {
    std::vector<std::string> names;
    for (const auto& reference : references) {
        const Reference parsed = parse_reference(reference);
        if (!parsed.digest.empty())
            fail(Kind::invalid, "\"{}\": a new image cannot be given a digest", escape_for_terminal(reference));
        names.push_back(parsed.canonical());
    }
    return names;
}

std::vector<TagRow> rows_of(const std::vector<std::string>& names, const std::string& id) {
    std::vector<TagRow> rows;
    for (const auto& name : names) rows.push_back({name, id});
    return rows;
}

}  // namespace

void ImageStore::State::publish(std::vector<UnpackedLayer> fresh, const std::vector<ImageRow>& rows,
                                const std::vector<TagRow>& named) {
    std::vector<Image> made;
    for (const auto& row : rows) made.push_back(image_of(row));
    std::vector<LayerRow> placed;
    try {
        if (!fresh.empty()) fresh.front().sync();
        for (auto& layer : fresh) {
            layer.move_into_place();
            placed.push_back({layer.description().diff_id, layer.size(), Bytes{layer.description().archive_bytes}});
        }
        fail_point("layer_placed");
        database.run([&](Transaction& transaction) {
            for (const auto& layer : placed) transaction.put(layer);
            for (const auto& row : rows) transaction.put(row);
            for (const auto& row : named) transaction.put(row);
        });
    } catch (...) {
        for (auto& layer : fresh) layer.take_back();
        throw;
    }
    const std::lock_guard lock(mutex);
    for (const auto& layer : placed) layers[layer.diff_id] = layer;
    for (auto& image : made) {
        const auto before = images.find(image.id);
        if (before != images.end()) {
            image.references = before->second.references;
            image.digests = before->second.digests;
        }
        images[image.id] = std::move(image);
    }
    for (const auto& row : named) set_tag(row.reference, row.image_id);
}

std::string ImageStore::State::manifest_for(const std::string& config, const std::vector<std::string>& diff_ids) const {
    std::map<std::string, Json> known;  // how other images' manifests name the same layers
    const std::shared_lock lock(mutex);
    for (const auto& [id, image] : images) {
        const Json manifest = parse_json(image.manifest, "manifest of image " + id);
        const auto it = manifest.find("layers");
        if (it == manifest.end() || it->size() != image.diff_ids.size()) continue;
        for (std::size_t at = 0; at < it->size(); ++at) known.try_emplace(image.diff_ids[at], (*it)[at]);
    }
    Json list = Json::array();
    for (const auto& diff_id : diff_ids) {
        const auto it = known.find(diff_id);
        list.push_back(it != known.end() ? it->second
                                         : plain_descriptor({diff_id, layers.at(diff_id).archive_size.count}));
    }
    return make_manifest(config, list);
}

Bytes ImageStore::State::size_of(const std::vector<std::string>& diff_ids) const {
    Bytes total;
    const std::shared_lock lock(mutex);
    for (const auto& diff_id : diff_ids) total.count += layers.at(diff_id).size.count;
    return total;
}

std::string ImageStore::import(const Fd& tar, const ImportOptions& options) {
    Json checked = Json::object();  // mistakes in the options are told before a long unpacking
    for (const auto& change : options.changes) apply_change(checked, change);
    if (!options.reference.empty() && !parse_reference(options.reference).digest.empty())
        fail(Kind::invalid, "\"{}\": an import cannot be given a digest", escape_for_terminal(options.reference));
    std::vector<std::string> names;
    if (!options.reference.empty()) names = canonical_names({options.reference});
    std::vector<UnpackedLayer> layers;
    LayerInput input;
    input.source = std::make_unique<StoppableReader>(tar);
    input.limits = options.limits;
    input.progress = options.progress;
    try {
        layers.push_back(UnpackedLayer::unpack(state_->layout, std::move(input)));
    } catch (Error& error) {
        throw error.during("import an image");
    }
    const NewLayer layer = layers.front().description();
    ImageRow row;
    row.created = now();
    row.size = layers.front().size();
    row.config = make_image_config(layer, options.changes, options.message, row.created);
    row.id = sha256_digest(row.config);
    row.manifest = make_manifest(row.config, Json::array({plain_descriptor(layer)}));
    const std::lock_guard one_at_a_time(state_->publishing);
    state_->publish(std::move(layers), {row}, rows_of(names, row.id));
    return row.id;
}

AddedLayer ImageStore::add_layer_from_upper(const std::string& upper, UpperUse use, const LayerTarOptions& options) {
    return add_layer(UnpackedLayer::of_upper(state_->layout, upper, use, options));
}

AddedLayer ImageStore::add_layer(UnpackedLayer layer) {
    AddedLayer added;
    added.diff_id = layer.description().diff_id;
    added.size = layer.size();
    added.archive_size = Bytes{layer.description().archive_bytes};
    added.pin = LayerPin(state_->pins, {added.diff_id});
    std::vector<UnpackedLayer> layers;
    layers.push_back(std::move(layer));
    const std::lock_guard one_at_a_time(state_->publishing);
    state_->publish(std::move(layers), {}, {});
    return added;
}

LayerPin ImageStore::pin(const std::vector<std::string>& diff_ids) {
    LayerPin pin(state_->pins, diff_ids);  // first, so that none goes while they are looked for
    const std::lock_guard one_at_a_time(state_->publishing);
    for (const auto& diff_id : diff_ids)
        if (!has_layer(diff_id)) fail(Kind::not_found, "layer {} is not in the store", escape_for_terminal(diff_id));
    return pin;
}

bool ImageStore::has_layer(const std::string& diff_id) const {
    const std::shared_lock lock(state_->mutex);
    return state_->layers.contains(diff_id);
}

/// Layers that an older hoist recorded are measured.
Bytes ImageStore::archive_size(const std::string& diff_id) const {
    {
        const std::shared_lock lock(state_->mutex);
        const auto it = state_->layers.find(diff_id);
        if (it == state_->layers.end()) fail(Kind::not_found, "layer {} is not in the store", diff_id);
        if (it->second.archive_size.count > 0) return it->second.archive_size;
    }
    Bytes size;
    write_layer_archive(state_->layout, diff_id, [&](std::string_view bytes) { size.count += std::ssize(bytes); });
    return size;
}

std::string ImageStore::layer_directory(const std::string& diff_id) const {
    return state_->layout.layer(diff_id);
}

std::string ImageStore::create_image(const std::string& config, const std::vector<std::string>& references) {
    const auto names = canonical_names(references);
    ImageRow row;
    row.config = config;
    row.id = sha256_digest(config);
    row.created = now();
    const Json parsed = parse_json(config, "the new image's configuration");
    if (const auto created = parse_time(json_value(parsed, "created", std::string{}))) row.created = *created;
    const auto diff_ids = parse_diff_ids(parsed);
    if (diff_ids.empty()) fail(Kind::invalid, "the new image has no layers");
    const LayerPin kept = pin(diff_ids);
    row.size = state_->size_of(diff_ids);
    row.manifest = state_->manifest_for(config, diff_ids);
    const std::lock_guard one_at_a_time(state_->publishing);
    state_->publish({}, {row}, rows_of(names, row.id));
    return row.id;
}

}  // namespace hoist::storage
