#pragma once
// SPDX-License-Identifier: Apache-2.0
// The build cache: which layer a step came to, by a key of all that it depends on; and the directories that
// RUN --mount=type=cache keeps. Survives restarts; lost rows only cost a step's repetition.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/units.h"
#include "builder/run_mount.h"
#include "storage/database.h"
#include "storage/layout.h"

namespace hoist::storage {
class ImageStore;
}

namespace hoist::builder {

struct PruneOptions {
    bool all = false;           ///< also what images of the store use
    std::optional<Bytes> keep;  ///< the most recently used ones up to this size stay
    std::optional<Nanoseconds> unused_for;
};
struct Pruned {
    std::vector<std::string> keys;
    Bytes size;
};

/// Thread-safe.
class BuildCache {
public:
    BuildCache(const storage::Layout& layout, storage::Database& database, storage::ImageStore& images);

    /// A step's result; its layer is "" if it has changed nothing. Its row counts as used now.
    std::optional<storage::BuildCacheRow> find(const std::string& key);
    void put(storage::BuildCacheRow row);
    std::vector<storage::BuildCacheRow> list() const;  ///< mounts with the size they have now
    /// diffIDs of the layers in it: a keeper of the image store.
    std::vector<std::string> layers() const;
    /// Writes down what was used since the last time.
    void save_uses();
    Pruned prune(const PruneOptions& options);

    /// The directory of a cache mount, as long as a step uses it.
    struct Mount {
        std::string directory;
        std::shared_ptr<void> hold;  ///< given back on the thread that has taken it
    };
    using Sharing = RunMount::Sharing;
    using Fill = std::function<void(const std::string& directory)>;
    /// Made by `fill` (an empty directory is there then) if there is none of this id. `locked` waits for others,
    /// `exclusive` takes another directory while others use this one.
    Mount open_mount(const std::string& id, Sharing sharing, const Fill& fill);

private:
    std::string mount_directory(const std::string& key) const;
    std::shared_ptr<std::shared_mutex> lock_of(const std::string& key);
    std::optional<Mount> try_mount(const std::string& key, Sharing sharing, const std::string& id, const Fill& fill);
    bool remove_mount(const std::string& key);
    void forget(const std::vector<storage::BuildCacheRow>& rows);

    const storage::Layout layout_;
    storage::Database& database_;
    storage::ImageStore& images_;
    mutable std::mutex mutex_;
    std::map<std::string, storage::BuildCacheRow> rows_;
    std::set<std::string> used_;
    std::map<std::string, std::shared_ptr<std::shared_mutex>> locks_;  ///< of mounts, by key
};

}  // namespace hoist::builder
