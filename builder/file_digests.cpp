// SPDX-License-Identifier: Apache-2.0
#include "builder/file_digests.h"

#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/units.h"
#include "storage/digest.h"

namespace hoist::builder {
namespace {

constexpr std::size_t most_known = 500'000;
constexpr std::int64_t second = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
    return time.tv_sec * second + time.tv_nsec;
}

std::string read_digest(int directory, const std::string& name) {
    const Fd file(
        check(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), "open {}", name));
    storage::Sha256 hash;
    std::vector<char> part(256 * 1024);
    for (;;) {
        const auto size = check(::read(file.get(), part.data(), part.size()), "read {}", name);
        if (size == 0) return hash.finish();
        hash.update({part.data(), static_cast<std::size_t>(size)});
    }
}

}  // namespace

std::string FileDigests::of(int directory, const std::string& name, const struct stat& info) {
    const Key key{info.st_dev, info.st_ino};
    const auto mtime = nanoseconds(info.st_mtim), ctime = nanoseconds(info.st_ctim);
    {
        const std::lock_guard lock(mutex_);
        const auto it = known_.find(key);
        if (it != known_.end() && it->second.size == info.st_size && it->second.mtime == mtime &&
            it->second.ctime == ctime)
            return it->second.digest;
    }
    const auto before = now().time_since_epoch().count();
    auto digest = read_digest(directory, name);
    if (before - std::max(mtime, ctime) > second) {
        const std::lock_guard lock(mutex_);
        if (known_.size() >= most_known) known_.clear();
        known_[key] = {info.st_size, mtime, ctime, digest};
    }
    return digest;
}

std::size_t FileDigests::size() const {
    const std::lock_guard lock(mutex_);
    return known_.size();
}

}  // namespace hoist::builder
