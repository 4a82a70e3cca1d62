// SPDX-License-Identifier: Apache-2.0
// Deleting what containers left behind. A container may nest directories without end, so that a deletion that goes
// down as deep would run out of descriptors or stack: what lies deep is first moved up.
#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "storage/container_root.h"

namespace hoist::storage {
namespace {

constexpr int deepest_trash = 64;

class Trash {
public:
    explicit Trash(const std::string& path) : path_(path), dir_(open_file(path, O_RDONLY | O_DIRECTORY)) {
        struct stat info {};
        check(::fstat(dir_.get(), &info), "look at {}", path);
        device_ = info.st_dev;
    }

    void empty() {
        do {
            moved_up_ = false;
            remove_children(open_at(dir_, ".", O_RDONLY | O_DIRECTORY), 0);
        } while (moved_up_);
        if (!problem_.empty()) fail(Kind::internal, "empty {}: {}", path_, problem_);
    }

private:
    void remove_children(Fd dir, int depth) {
        DIR* listing = ::fdopendir(dir.get());
        if (!listing) return note("list a directory");
        const int raw = dir.release();
        while (const dirent* entry = ::readdir(listing)) {
            const std::string name = entry->d_name;
            if (name != "." && name != "..") remove(raw, name, depth);
        }
        ::closedir(listing);
    }

    void remove(int dir, const std::string& name, int depth) {
        if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return;
        if (errno != EISDIR && errno != EPERM) return note(name);
        if (depth == deepest_trash) {
            if (::renameat(dir, name.c_str(), dir_.get(), random_hex_id().c_str()) != 0) return note(name);
            moved_up_ = true;
            return;
        }
        Fd child(::openat(dir, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        struct stat info {};
        // Another device is somebody's mount: its content is not ours to delete.
        if (child && ::fstat(child.get(), &info) == 0 && info.st_dev == device_)
            remove_children(std::move(child), depth + 1);
        if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) note(name);
    }

    void note(const std::string& what) {
        if (problem_.empty()) problem_ = what + ": " + std::strerror(errno);
    }

    std::string path_, problem_;
    Fd dir_;
    dev_t device_ = 0;
    bool moved_up_ = false;
};

}  // namespace

void empty_trash(const Layout& layout) {
    Trash(layout.trash()).empty();
}

}  // namespace hoist::storage
