// SPDX-License-Identifier: Apache-2.0
#include "builder/cache.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "storage/image.h"

namespace hoist::builder {
namespace {

using storage::BuildCacheRow;

Bytes size_below(const std::string& directory) {
    Bytes size;
    std::error_code ignored;  // what goes away meanwhile does not count
    for (auto it = std::filesystem::recursive_directory_iterator(directory, ignored);
         it != std::filesystem::recursive_directory_iterator(); it.increment(ignored)) {
        struct stat info {};
        if (::lstat(it->path().c_str(), &info) == 0) size.count += info.st_blocks * 512;
        if (ignored) break;
    }
    return size;
}

}  // namespace

BuildCache::BuildCache(const storage::Layout& layout, storage::Database& database, storage::ImageStore& images)
    : layout_(layout), database_(database), images_(images) {
    std::vector<BuildCacheRow> rows;
    database_.run([&](storage::Transaction& transaction) { rows = transaction.build_cache(); });
    for (auto& row : rows) {
        const auto key = row.key;
        rows_.emplace(key, std::move(row));
    }
    images_.add_keeper([this] { return layers(); });
}

std::optional<BuildCacheRow> BuildCache::find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto it = rows_.find(key);
    if (it == rows_.end()) return std::nullopt;
    it->second.used = now();
    used_.insert(key);
    return it->second;
}

void BuildCache::put(BuildCacheRow row) {
    if (row.created == TimePoint{}) row.created = now();
    row.used = now();
    {
        const std::lock_guard lock(mutex_);
        rows_[row.key] = row;
        used_.erase(row.key);
    }
    database_.run([&](storage::Transaction& transaction) { transaction.put(row); });
}

void BuildCache::save_uses() {
    std::vector<BuildCacheRow> rows;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& key : std::exchange(used_, {}))
            if (const auto it = rows_.find(key); it != rows_.end()) rows.push_back(it->second);
    }
    if (rows.empty()) return;
    // Nobody waits for it: a lost use only makes an entry look older.
    database_.submit(
        [rows = std::move(rows)](storage::Transaction& transaction) {
            for (const auto& row : rows) transaction.put(row);
        },
        [](const std::exception_ptr&) {});
}

std::vector<BuildCacheRow> BuildCache::list() const {
    std::vector<BuildCacheRow> rows;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, row] : rows_) rows.push_back(row);
    }
    for (auto& row : rows)
        if (row.kind == "mount") row.size = size_below(mount_directory(row.key));
    return rows;
}

std::vector<std::string> BuildCache::layers() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> diff_ids;
    for (const auto& [key, row] : rows_)
        if (!row.diff_id.empty()) diff_ids.push_back(row.diff_id);
    return diff_ids;
}

void BuildCache::forget(const std::vector<BuildCacheRow>& rows) {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& row : rows) rows_.erase(row.key);
    }
    database_.run([&](storage::Transaction& transaction) {
        for (const auto& row : rows) transaction.remove_build_cache(row.key);
    });
}

Pruned BuildCache::prune(const PruneOptions& options) {
    std::set<std::string> of_images;
    for (const auto& image : images_.list()) of_images.insert(image.diff_ids.begin(), image.diff_ids.end());
    auto rows = list();
    std::sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) { return left.used > right.used; });
    std::vector<BuildCacheRow> gone;
    Pruned pruned;
    std::int64_t kept = 0;
    for (auto& row : rows) {
        const bool in_use = of_images.contains(row.diff_id) || row.kind == "image";
        const bool recent = options.unused_for && now() - row.used < *options.unused_for;
        kept += in_use ? 0 : row.size.count;
        const bool fits = options.keep && kept <= options.keep->count;
        if (recent || fits || (in_use && !options.all)) continue;
        if (row.kind == "mount" && !remove_mount(row.key)) continue;
        if (row.kind == "mount") pruned.size.count += row.size.count;
        pruned.keys.push_back(row.key);
        gone.push_back(std::move(row));
    }
    forget(gone);
    pruned.size.count += images_.collect().count;
    return pruned;
}

std::string BuildCache::mount_directory(const std::string& key) const {
    return layout_.build_mounts() + "/" + key.substr(key.find(':') + 1);
}

std::shared_ptr<std::shared_mutex> BuildCache::lock_of(const std::string& key) {
    const std::lock_guard lock(mutex_);
    auto& place = locks_[key];
    if (!place) place = std::make_shared<std::shared_mutex>();
    return place;
}

bool BuildCache::remove_mount(const std::string& key) {
    const auto mutex = lock_of(key);
    const std::unique_lock lock(*mutex, std::try_to_lock);
    if (!lock) return false;  // a step uses it
    const auto trash = layout_.trash() + "/" + random_hex_id();
    if (::rename(mount_directory(key).c_str(), trash.c_str()) != 0 && errno != ENOENT)
        fail_errno(errno, "remove cache mount {}", key);
    remove_tree(trash);
    return true;
}

std::optional<BuildCache::Mount> BuildCache::try_mount(const std::string& key, Sharing sharing, const std::string& id,
                                                       const Fill& fill) {
    const auto mutex = lock_of(key);
    struct Hold {
        std::shared_ptr<std::shared_mutex> mutex;
        std::shared_lock<std::shared_mutex> shared;
        std::unique_lock<std::shared_mutex> alone;
    };
    const auto hold = std::make_shared<Hold>();
    hold->mutex = mutex;
    const auto directory = mount_directory(key);
    // Those who share it hold their part of the lock before one of them makes it: a second one that waited for the
    // whole lock instead would wait for the first one's step.
    static std::mutex making;
    std::unique_lock<std::mutex> maker;
    if (sharing == Sharing::shared) {
        hold->shared = std::shared_lock(*mutex);
        maker = std::unique_lock(making);
    } else {
        hold->alone = std::unique_lock(*mutex, std::defer_lock);
        if (sharing == Sharing::locked)
            hold->alone.lock();
        else if (!hold->alone.try_lock())
            return std::nullopt;
    }
    if (::access(directory.c_str(), F_OK) != 0) {
        const auto unfinished = layout_.builds() + "/" + random_hex_id();
        make_directories(unfinished, 0755);
        fill(unfinished);
        check(::rename(unfinished.c_str(), directory.c_str()), "put cache mount {} in its place", id);
    }
    if (maker) maker.unlock();
    const auto known = find(key);
    put({key, "mount", "", id, {}, known ? known->created : TimePoint{}, {}});
    return Mount{directory, hold};
}

BuildCache::Mount BuildCache::open_mount(const std::string& id, Sharing sharing, const Fill& fill) {
    for (int copy = 0;; ++copy) {
        const auto key = storage::sha256_digest(copy == 0 ? "mount " + id : fmt::format("mount {} {}", id, copy));
        if (auto mount = try_mount(key, sharing, id, fill)) return std::move(*mount);
    }
}

}  // namespace hoist::builder
