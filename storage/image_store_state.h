#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the image store keeps in memory, for its own sources.

#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/image.h"
#include "storage/image_config.h"
#include "storage/layout.h"
#include "storage/unpacked_layer.h"

namespace hoist::storage {

/// @throws Error(invalid) for a configuration that is none
Image image_of(const ImageRow& row);

struct ImageStore::State {
    State(const Layout& where, Database& in) : layout(where), database(in), pins(std::make_shared<LayerPin::Table>()) {}

    const Layout layout;
    Database& database;
    mutable std::shared_mutex mutex;  ///< of what follows, and never held over a wait
    std::map<std::string, Image> images;
    std::map<std::string, std::string> tags;  ///< canonical reference to image id
    std::map<std::string, LayerRow> layers;   ///< by diffID: those on the disk
    std::vector<std::function<std::vector<std::string>()>> keepers;
    const std::shared_ptr<LayerPin::Table> pins;
    std::mutex publishing;  ///< one change of layers at a time: a removal cannot take what an import is about to use

    void load();
    void sweep() const;
    /// Puts finished layers in their place and records them with the images and tags, or nothing at all.
    void publish(std::vector<UnpackedLayer> fresh, const std::vector<ImageRow>& rows, const std::vector<TagRow>& named);
    void set_tag(const std::string& reference, const std::string& id);
    void drop_tag(const std::string& reference);
    std::optional<std::string> resolve(const std::string& name, std::string* reference) const;
    std::optional<std::string> resolve_id(const std::string& name) const;
    /// Of these layers, those that nothing uses: no image but `without`, no pin, no keeper.
    std::vector<std::string> unused(std::set<std::string> candidates, const std::string& without) const;
    void discard_layers(const std::vector<std::string>& diff_ids) const;
    /// The manifest's descriptor of each layer, as other images name it or as its plain tar.
    std::string manifest_for(const std::string& config, const std::vector<std::string>& diff_ids) const;
    Bytes size_of(const std::vector<std::string>& diff_ids) const;
};

}  // namespace hoist::storage
