// SPDX-License-Identifier: Apache-2.0
// /dev of the container.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "runtime/init/detached_mount.h"
#include "runtime/init/mounts.h"
#include "runtime/mount_options.h"

namespace hoist::runtime::init {
namespace {

mode_t type_bits(char type) {
    return type == 'p' ? S_IFIFO : type == 'b' ? S_IFBLK : S_IFCHR;
}

/// A /dev from the host has what it has, and is not ours to write to.
bool has_own_dev(const Config& config) {
    return std::none_of(config.mounts.begin(), config.mounts.end(), [](const Mount& mount) {
        return clean_path(mount.destination) == "/dev" && parse_mount_options(mount).bind;
    });
}

void make_device(const Device& device, const RootDir& root) {
    const auto [parent, name] = split_path(clean_path(device.path));
    const Fd directory = root.make_directories_in(parent);
    make_device_node(directory, name, device);
    if (device.uid || device.gid)
        check(::fchownat(directory.get(), name.c_str(), device.uid, device.gid, AT_SYMLINK_NOFOLLOW),
              "set the owner of {}", device.path);
}

/// In a user namespace no nodes can be made: those of the host's side are bound.
void bind_devices(const std::vector<Device>& devices, const RootDir& root, const Fd& nodes) {
    // Attached for as long as parts of it are cloned, where nothing of the host is needed any more.
    attach(nodes, open_file("/dev", O_PATH | O_DIRECTORY), "/dev");
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const std::string& path = devices[i].path;
        const Fd node = open_at(nodes, std::to_string(i), O_PATH | O_NOFOLLOW);
        attach(clone_mount(node, Below::left_alone, path), root.mount_target_file(clean_path(path)), path);
    }
}

void make_standard_links(const Fd& dev) {
    const std::pair<const char*, const char*> links[] = {{"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
                                                         {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
                                                         {"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"}};
    for (const auto& [target, name] : links) {
        if (::symlinkat(target, dev.get(), name) != 0 && errno != EEXIST) fail_errno(errno, "make /dev/{}", name);
    }
}

}  // namespace

std::vector<Device> all_devices(const Config& config) {
    std::vector<Device> devices;
    const std::tuple<const char*, int, int> standard[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                                                          {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    if (has_own_dev(config)) {
        for (const auto& [name, major, minor] : standard)
            devices.push_back({std::string("/dev/") + name, 'c', major, minor, 0666, 0, 0});
    }
    devices.insert(devices.end(), config.devices.begin(), config.devices.end());
    return devices;
}

void make_device_node(const Fd& directory, const std::string& name, const Device& device) {
    const mode_t mode = type_bits(device.type) | device.file_mode.value_or(0666);
    const dev_t number = ::makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
    if (::mknodat(directory.get(), name.c_str(), mode, number) == 0) return;
    const int code = errno;
    struct stat info {};
    const bool same = code == EEXIST && ::fstatat(directory.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                      (info.st_mode & S_IFMT) == (mode & S_IFMT) && info.st_rdev == number;
    if (!same) fail_errno(code, "make device {}", device.path);
}

void make_devices(const Config& config, const RootDir& root, const HostSide& side) {
    const auto devices = all_devices(config);
    if (side.devices) {
        bind_devices(devices, root, side.devices);
    } else {
        for (const auto& device : devices) make_device(device, root);
    }
    if (has_own_dev(config)) make_standard_links(root.make_directories_in("/dev"));
}

}  // namespace hoist::runtime::init
