// SPDX-License-Identifier: Apache-2.0
// Masked and read-only paths, and sysctls: what keeps the host's kernel out of reach.
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/init/detached_mount.h"
#include "runtime/init/mounts.h"
#include "runtime/sysctl.h"

namespace hoist::runtime::init {
namespace {

/// An empty directory that nobody can write to.
Fd make_empty_directory() {
    constexpr auto closed = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    return make_mount("tmpfs", "", {}, closed);
}

void verify_null_device(const Fd& device) {
    struct stat info {};
    check(::fstat(device.get(), &info), "look at the null device");
    if (!S_ISCHR(info.st_mode) || info.st_rdev != ::makedev(1, 3))
        fail(Kind::denied, "the host's /dev/null is not the null device");
}

void make_read_only(const RootDir& root, const std::string& path) {
    const Fd target = root.find(path, O_PATH);
    if (!target) return;
    const Fd tree = clone_mount(target, Below::included, path);
    change_mount(tree, MOUNT_ATTR_RDONLY, 0, Below::included, path);
    attach(tree, target, path);
}

}  // namespace

void apply_masks(const Config& config, const RootDir& root, const Fd& null_device) {
    for (const auto& path : config.readonly_paths) make_read_only(root, path);
    if (config.masked_paths.empty()) return;
    verify_null_device(null_device);
    Fd empty;  // one for all directories
    for (const auto& path : config.masked_paths) {
        const Fd target = root.find(path, O_PATH);
        if (!target) continue;
        struct stat info {};
        check(::fstat(target.get(), &info), "cover {}", path);
        if (!S_ISDIR(info.st_mode)) {
            attach(clone_mount(null_device, Below::left_alone, path), target, path);
        } else if (!empty) {
            empty = make_empty_directory();
            attach(empty, target, path);
        } else {
            attach(clone_mount(empty, Below::left_alone, path), target, path);
        }
    }
}

void apply_sysctl(const Config& config, const RootDir& root, const std::set<NamespaceType>& owners) {
    for (const auto& [name, value] : config.sysctl) {
        const auto found = parse_sysctl(name);
        if (!found || !found->owner || !owners.count(*found->owner)) continue;
        const Fd file = root.open_in("/proc/sys/" + found->path, O_WRONLY);
        if (!is_on(file, PROC_SUPER_MAGIC)) fail(Kind::denied, "set sysctl {}: /proc/sys is not procfs", name);
        check(::write(file.get(), value.data(), value.size()), "linux.sysctl: set {} to {}", name,
              escape_for_terminal(value));
    }
}

}  // namespace hoist::runtime::init
