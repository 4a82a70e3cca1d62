#pragma once
// SPDX-License-Identifier: Apache-2.0
// Digests of files' bytes, remembered for as long as a file does not look changed.

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>

namespace hoist::builder {

/// Thread-safe. A file is known by device, inode, size, mtime and ctime. One that was changed less than a second before
/// it was read is not remembered: a later change could leave all of these as they are.
class FileDigests {
public:
    /// The sha256 of the open directory's file `name`, whose status is `info`.
    std::string of(int directory, const std::string& name, const struct stat& info);
    std::size_t size() const;

private:
    struct Key {
        dev_t device;
        ino_t inode;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept { return key.inode * 1099511628211u ^ key.device; }
    };
    struct Known {
        off_t size = 0;
        std::int64_t mtime = 0, ctime = 0;
        std::string digest;
    };
    mutable std::mutex mutex_;
    std::unordered_map<Key, Known, Hash> known_;
};

}  // namespace hoist::builder
