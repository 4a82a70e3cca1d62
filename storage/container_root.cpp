// SPDX-License-Identifier: Apache-2.0
#include "storage/container_root.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "storage/merged_dir.h"

namespace hoist::storage {
namespace {

constexpr std::size_t most_bytes_of_a_file = 8u << 20;

void make_own_directory(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) fail_errno(errno, "make {}", path);
    check(::chmod(path.c_str(), mode), "set the mode of {}", path);
}

}  // namespace

void make_container_root(const Layout& layout, const ContainerId& id, const std::vector<std::string>& lower) {
    if (lower.empty()) fail(Kind::invalid, "container {}: its image has no layers", id.shortened());
    struct stat top {};
    check(::stat(lower.front().c_str(), &top), "look at the layer {}", lower.front());
    const std::string dir = layout.container(id);
    make_own_directory(dir, 0710);
    make_own_directory(dir + "/work", 0700);
    // The overlay shows the upper directory's owner and mode as those of "/".
    const std::string upper = dir + "/upper";
    make_own_directory(upper, 0700);
    check(::chown(upper.c_str(), top.st_uid, top.st_gid), "set the owner of {}", upper);
    check(::chmod(upper.c_str(), top.st_mode & 07777), "set the mode of {}", upper);
}

void discard_container_root(const Layout& layout, const ContainerId& id) {
    const std::string from = layout.container(id), to = layout.trash() + "/" + random_hex_id();
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) fail_errno(errno, "move {} into the trash", from);
}

void reset_container_root(const Layout& layout, const ContainerId& id, const std::vector<std::string>& lower) {
    for (const char* part : {"/upper", "/work"}) {
        const std::string from = layout.container(id) + part, to = layout.trash() + "/" + random_hex_id();
        if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
            fail_errno(errno, "move {} into the trash", from);
    }
    make_container_root(layout, id, lower);
}

std::optional<std::string> read_image_file(const std::vector<std::string>& lower, const std::string& path) {
    const auto found = resolve_in_layers(lower, path);
    if (!found || !S_ISREG(found->entry.info.st_mode)) return std::nullopt;
    try {
        const Fd file(
            check(::openat(found->entry.holder, found->name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "open it"));
        return read_all(file, most_bytes_of_a_file);
    } catch (Error& error) {
        throw error.during("read {} of the image", path);
    }
}

}  // namespace hoist::storage
