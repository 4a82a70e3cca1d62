// SPDX-License-Identifier: Apache-2.0
// Whether what lies on the disk is still what the digests say. (REL-36)
#include <sys/stat.h>

#include "base/error.h"
#include "storage/image_store_state.h"
#include "storage/layer_archive.h"

namespace hoist::storage {
namespace {

/// @return what is wrong with a layer; nullopt: nothing
std::optional<std::string> find_fault(const Layout& layout, const std::string& diff_id) {
    struct stat info {};
    if (::stat(layout.layer(diff_id).c_str(), &info) != 0) return "its directory is missing";
    try {
        verify_layer(layout, diff_id);
    } catch (const Error& error) {
        return error.message();
    }
    return std::nullopt;
}

}  // namespace

std::vector<LayerFault> ImageStore::verify(const std::string& name) const {
    std::vector<Image> images;
    if (name.empty()) {
        images = list();
    } else if (auto image = find(name)) {
        images.push_back(std::move(*image));
    } else {
        fail(Kind::not_found, "no such image: {}", name);
    }
    std::map<std::string, LayerFault> faults;  // by layer: images share them
    std::set<std::string> sound;
    for (const auto& image : images) {
        const std::string shown = image.references.empty() ? image.id : image.references.front();
        for (const auto& diff_id : image.diff_ids) {
            if (sound.contains(diff_id)) continue;
            const auto known = faults.find(diff_id);
            const auto fault = known != faults.end() ? std::optional(known->second.problem)
                                                     : find_fault(state_->layout, diff_id);
            if (!fault) {
                sound.insert(diff_id);
                continue;
            }
            auto& entry = faults[diff_id];
            entry.diff_id = diff_id;
            entry.problem = *fault;
            entry.images.push_back(shown);
        }
    }
    std::vector<LayerFault> found;
    for (auto& [diff_id, fault] : faults) found.push_back(std::move(fault));
    return found;
}

Bytes ImageStore::layers_size() const {
    const std::shared_lock lock(state_->mutex);
    Bytes total;
    for (const auto& [diff_id, row] : state_->layers) total.count += row.size.count;
    return total;
}

Bytes ImageStore::layer_size(const std::string& diff_id) const {
    const std::shared_lock lock(state_->mutex);
    const auto it = state_->layers.find(diff_id);
    return it == state_->layers.end() ? Bytes{} : it->second.size;
}

}  // namespace hoist::storage
