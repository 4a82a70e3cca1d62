// SPDX-License-Identifier: Apache-2.0
// Images and layers that go: recorded first, then renamed into the trash.
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/image_store_state.h"

namespace hoist::storage {

std::vector<std::string> ImageStore::State::unused(std::set<std::string> candidates, const std::string& without) const {
    for (const auto& keeper : keepers)
        for (const auto& diff_id : keeper()) candidates.erase(diff_id);
    const std::shared_lock lock(mutex);
    for (const auto& [id, image] : images) {
        if (id == without) continue;
        for (const auto& diff_id : image.diff_ids) candidates.erase(diff_id);
    }
    std::erase_if(candidates, [&](const auto& diff_id) { return pins->holds(diff_id); });
    return {candidates.begin(), candidates.end()};
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

void ImageStore::add_keeper(std::function<std::vector<std::string>()> keeper) {
    const std::lock_guard one_at_a_time(state_->publishing);
    state_->keepers.push_back(std::move(keeper));
}

Bytes ImageStore::collect() {
    State& state = *state_;
    const std::lock_guard one_at_a_time(state.publishing);
    std::set<std::string> all;
    {
        const std::shared_lock lock(state.mutex);
        for (const auto& [diff_id, row] : state.layers) all.insert(diff_id);
    }
    const auto gone = state.unused(std::move(all), "");
    const Bytes freed = state.size_of(gone);
    state.database.run([&](Transaction& transaction) {
        for (const auto& diff_id : gone) transaction.remove_layer(diff_id);
    });
    {
        const std::lock_guard lock(state.mutex);
        for (const auto& diff_id : gone) state.layers.erase(diff_id);
    }
    state.discard_layers(gone);
    return freed;
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
    std::vector<std::string> names = image->references;
    names.insert(names.end(), image->digests.begin(), image->digests.end());
    if (reference.empty() && image->references.size() > 1 && !force)
        fail(Kind::conflict, "image {} has several names ({}); remove them one by one, or use force", name,
             join(image->references, ", "));
    const bool tagged = !reference.empty() && parse_reference(reference).digest.empty();
    const bool last = !tagged || image->references.size() == 1;
    if (!last) names = {parse_reference(reference).familiar()};
    std::vector<std::string> layers;
    if (last) layers = state.unused({image->diff_ids.begin(), image->diff_ids.end()}, image->id);
    state.database.run([&](Transaction& transaction) {
        for (const auto& familiar : names) transaction.remove_tag(parse_reference(familiar).canonical());
        if (last) transaction.remove_image(image->id);
        for (const auto& layer : layers) transaction.remove_layer(layer);
    });
    {
        const std::lock_guard lock(state.mutex);
        for (const auto& familiar : names) state.drop_tag(parse_reference(familiar).canonical());
        if (last) state.images.erase(image->id);
        for (const auto& layer : layers) state.layers.erase(layer);
    }
    std::vector<std::pair<std::string, std::string>> happened;
    for (const auto& familiar : names) happened.emplace_back("Untagged", familiar);
    if (last) happened.emplace_back("Deleted", image->id);
    state.discard_layers(layers);
    return happened;
}

}  // namespace hoist::storage
