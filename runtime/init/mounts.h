#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is mounted into the container's root. Targets are found by the kernel below the root's descriptor only.

#include <set>
#include <string>
#include <vector>

#include "base/path.h"
#include "runtime/cgroup.h"
#include "runtime/init/host_side.h"
#include "runtime/oci.h"

namespace hoist::runtime::init {

/// Mounts all of config.mounts, in order. Refuses /proc and /sys that are symbolic links in the image, and mounts on
/// top of procfs other than the few harmless files. (SEC-05..08, SEC-11)
/// @param side  what is there already of them
/// @param pid_namespace  whose processes procfs shows; empty: that of this process
void mount_all(const Config& config, const RootDir& root, const Cgroup& cgroup, HostSide& side,
               const Fd& pid_namespace);

/// What a mount may be made from, besides its line in the configuration.
struct MountSources {
    const Fd* id_map = nullptr;         ///< a user namespace, if it is id-mapped
    const Fd* pid_namespace = nullptr;  ///< for procfs, if it is not this process' own
    std::string label = {};             ///< SELinux' context of a file system without labels on its files
};
/// One of config.mounts, attached nowhere.
Fd make_listed_mount(const Mount& mount, const MountSources& sources);

/// Makes the standard device nodes and links in /dev, and those of linux.devices.
void make_devices(const Config& config, const RootDir& root, const HostSide& side);
/// Makes a /dev of its own read-only, if that is asked: once nothing more is made in it.
void close_dev(const Config& config, const RootDir& root);
/// The standard devices that have to be made, and those of linux.devices.
std::vector<Device> all_devices(const Config& config);
/// Makes a node, unless the same is there. Its owner is left to the caller.
void make_device_node(const Fd& directory, const std::string& name, const Device& device);

/// Fills a tmpfs with what the directory has that it is to cover. (tmpcopyup)
void copy_up(const Fd& from, const Fd& to, const std::string& name);

/// Covers masked paths with the (verified) null device or an empty read-only directory and makes others read-only.
/// @param null_device  opened before the container could have a say (SEC-09)
void apply_masks(const Config& config, const RootDir& root, const Fd& null_device);

/// Writes those of linux.sysctl that belong to one of these kinds of namespace.
/// @param root  where /proc is the kernel's
void apply_sysctl(const Config& config, const RootDir& root, const std::set<NamespaceType>& owners);

/// Whether the descriptor lies on a file system of this statfs(2) type.
bool is_on(const Fd& fd, long magic);

}  // namespace hoist::runtime::init
