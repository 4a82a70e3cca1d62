#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is mounted into the container's root. Targets are found by the kernel below the root's descriptor only.

#include <string>
#include <vector>

#include "base/path.h"
#include "runtime/cgroup.h"
#include "runtime/oci.h"

namespace hoist::runtime::init {

/// Mounts all of config.mounts, in order. Refuses /proc and /sys that are symbolic links in the image, and mounts on
/// top of procfs other than the few harmless files. (SEC-05..08, SEC-11)
/// @param pid_namespace  whose processes procfs shows; empty: that of this process
void mount_all(const Config& config, const RootDir& root, const Cgroup& cgroup, const Fd& pid_namespace);

/// Makes the standard device nodes and links in /dev, and those of linux.devices.
void make_devices(const Config& config, const RootDir& root);

/// Covers masked paths with the (verified) null device or an empty read-only directory and makes others read-only.
/// @param null_device  opened before the container could have a say (SEC-09)
void apply_masks(const Config& config, const RootDir& root, const Fd& null_device);

/// Writes linux.sysctl. @throws Error(invalid) for one that does not belong to a namespace of the container
void apply_sysctl(const Config& config, const RootDir& root, bool joined_network);

/// Whether the descriptor lies on a file system of this statfs(2) type.
bool is_on(const Fd& fd, long magic);

}  // namespace hoist::runtime::init
