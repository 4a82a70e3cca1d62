// SPDX-License-Identifier: Apache-2.0
#include "storage/layer_pin.h"

namespace hoist::storage {

LayerPin::LayerPin(std::shared_ptr<Table> table, std::vector<std::string> diff_ids)
    : table_(std::move(table)), diff_ids_(std::move(diff_ids)) {
    const std::lock_guard lock(table_->mutex);
    for (const auto& diff_id : diff_ids_) ++table_->counts[diff_id];
}

LayerPin::~LayerPin() {
    if (!table_) return;
    const std::lock_guard lock(table_->mutex);
    for (const auto& diff_id : diff_ids_)
        if (const auto it = table_->counts.find(diff_id); it != table_->counts.end() && --it->second == 0)
            table_->counts.erase(it);
}

}  // namespace hoist::storage
