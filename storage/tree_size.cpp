// SPDX-License-Identifier: Apache-2.0
#include "storage/tree_size.h"

#include <dirent.h>
#include <sys/stat.h>

#include <memory>
#include <set>

#include "base/fd.h"

namespace hoist::storage {
namespace {

class Sum {
public:
    void add(int parent, const char* name) {
        struct stat info {};
        if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
        const bool directory = S_ISDIR(info.st_mode);
        if (!directory && info.st_nlink > 1 && !seen_.insert({info.st_dev, info.st_ino}).second) return;
        total_ += static_cast<std::int64_t>(info.st_blocks) * 512;
        if (directory) add_entries(parent, name);
    }
    std::int64_t total() const { return total_; }

private:
    void add_entries(int parent, const char* name) {
        Fd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!fd) return;
        const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd.get()), ::closedir);
        if (!listing) return;
        const int here = fd.release();
        while (const dirent* entry = ::readdir(listing.get())) {
            const std::string_view word = entry->d_name;
            if (word != "." && word != "..") add(here, entry->d_name);
        }
    }

    std::int64_t total_ = 0;
    std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

std::int64_t tree_size(const std::string& path) {
    Sum sum;
    sum.add(AT_FDCWD, path.c_str());
    return sum.total();
}

}  // namespace hoist::storage
