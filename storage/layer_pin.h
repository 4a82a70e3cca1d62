#pragma once
// SPDX-License-Identifier: Apache-2.0
// Layers that an operation in flight uses, kept from the garbage collection.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hoist::storage {

/// Keeps some layers as long as it lives. Pins are only in memory: after a crash nothing is in flight.
class LayerPin {
public:
    struct Table {
        std::mutex mutex;
        std::map<std::string, int> counts;  ///< by diffID
        bool holds(const std::string& diff_id) {
            const std::lock_guard lock(mutex);
            return counts.contains(diff_id);
        }
    };

    LayerPin() = default;
    LayerPin(std::shared_ptr<Table> table, std::vector<std::string> diff_ids);
    LayerPin(LayerPin&& other) noexcept = default;
    LayerPin& operator=(LayerPin other) noexcept {
        std::swap(table_, other.table_);
        std::swap(diff_ids_, other.diff_ids_);
        return *this;
    }
    ~LayerPin();

private:
    std::shared_ptr<Table> table_;
    std::vector<std::string> diff_ids_;
};

}  // namespace hoist::storage
