// SPDX-License-Identifier: Apache-2.0
// /dev of the container.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "base/error.h"
#include "runtime/init/mounts.h"
#include "runtime/mount_options.h"

namespace hoist::runtime::init {
namespace {

mode_t type_bits(char type) {
    return type == 'p' ? S_IFIFO : type == 'b' ? S_IFBLK : S_IFCHR;
}

void make_node(const Fd& directory, const std::string& name, mode_t mode, dev_t number) {
    if (::mknodat(directory.get(), name.c_str(), mode, number) == 0) return;
    const int code = errno;
    struct stat info {};
    const bool same = code == EEXIST && ::fstatat(directory.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                      (info.st_mode & S_IFMT) == (mode & S_IFMT) && info.st_rdev == number;
    if (!same) fail_errno(code, "make device {}", name);
}

void make_device(const Device& device, const RootDir& root) {
    const auto [parent, name] = split_path(clean_path(device.path));
    const Fd directory = root.make_directories_in(parent);
    const auto number = ::makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
    make_node(directory, name, type_bits(device.type) | device.file_mode.value_or(0666), number);
    if (device.uid || device.gid)
        check(::fchownat(directory.get(), name.c_str(), device.uid, device.gid, AT_SYMLINK_NOFOLLOW),
              "set the owner of {}", device.path);
}

void make_standard_nodes(const Fd& dev) {
    const struct {
        const char* name;
        unsigned major, minor;
    } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    for (const auto& node : nodes) make_node(dev, node.name, S_IFCHR | 0666, ::makedev(node.major, node.minor));
    const std::pair<const char*, const char*> links[] = {{"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
                                                         {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
                                                         {"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"}};
    for (const auto& [target, name] : links) {
        if (::symlinkat(target, dev.get(), name) != 0 && errno != EEXIST) fail_errno(errno, "make /dev/{}", name);
    }
}

}  // namespace

void make_devices(const Config& config, const RootDir& root) {
    // A /dev from the host has what it has, and is not ours to write to.
    const bool from_host = std::any_of(config.mounts.begin(), config.mounts.end(), [](const Mount& mount) {
        return clean_path(mount.destination) == "/dev" && parse_mount_options(mount).bind;
    });
    if (!from_host) make_standard_nodes(root.make_directories_in("/dev"));
    for (const auto& device : config.devices) make_device(device, root);
}

}  // namespace hoist::runtime::init
