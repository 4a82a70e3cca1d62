// SPDX-License-Identifier: Apache-2.0
// Filling an empty volume from an image. The content is gathered beside the volume ("copy"), renamed when complete
// ("ready"), and its entries are then moved in: a crash leaves either nothing in the volume, or a "ready" that the next
// attempt finishes. The volume's own directory stays the same one, since others may have it mounted.
#include <sys/stat.h>

#include <array>

#include "base/directory.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/path.h"
#include "storage/container_root.h"
#include "storage/copy_tree.h"

namespace hoist::storage {
namespace {

bool is_directory(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Moves what is ready into the volume; what appeared there meanwhile stays.
void move_in(const std::string& ready, const Fd& volume) {
    const Fd source = open_file(ready, O_RDONLY | O_DIRECTORY);
    struct stat before {};  // moving its entries out changes its times
    check(::fstat(source.get(), &before), "look at {}", ready);
    for (const auto& name : names_in(source)) {
        fail_point("volume_move");
        const int moved = ::renameat2(source.get(), name.c_str(), volume.get(), name.c_str(), RENAME_NOREPLACE);
        if (moved != 0 && errno != EEXIST) fail_errno(errno, "move {} into the volume", name);
    }
    copy_directory_metadata(source, volume);
    const std::array<timespec, 2> times = {before.st_atim, before.st_mtim};
    check(::futimens(volume.get(), times.data()), "set the times");
    remove_tree(ready);
}

void copy_beside(const MergedDir& from, const std::string& copy) {
    remove_tree(copy);  // of an attempt that a crash ended
    check(::mkdir(copy.c_str(), 0700), "make {}", copy);
    const Fd to = open_file(copy, O_RDONLY | O_DIRECTORY);
    copy_tree(from, to);
    check(::syncfs(to.get()), "write the volume's content to the disk");
}

}  // namespace

bool copy_up_volume(const std::vector<std::string>& lower, const std::string& path, const std::string& volume_data) {
    const std::string parent = split_path(volume_data).parent;
    const std::string copy = parent + "/copy", ready = parent + "/ready";
    make_directories(parent, 0701);
    make_directories(volume_data, 0755);
    const Fd volume = open_file(volume_data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
        if (is_directory(ready)) {
            move_in(ready, volume);
            return true;
        }
        if (!names_in(volume).empty()) return false;
        const auto found = resolve_in_layers(lower, path);
        if (!found || !found->entry.directory) return false;
        const MergedDir& from = *found->entry.directory;
        if (from.names().empty()) {
            copy_directory_metadata(from.top(), volume);
            return false;
        }
        copy_beside(from, copy);
        fail_point("volume_copied");
        check(::rename(copy.c_str(), ready.c_str()), "rename {}", copy);
        move_in(ready, volume);
        return true;
    } catch (Error& error) {
        throw error.during("copy {} of the image into the volume {}", path, split_path(parent).name);
    }
}

}  // namespace hoist::storage
