#pragma once
// SPDX-License-Identifier: Apache-2.0
// Mounts that are made first and put in their place afterwards, so that a place which somebody swaps meanwhile gets
// nothing. With fsopen(2), open_tree(2) and mount_setattr(2) such a mount is attached nowhere; where the kernel lacks
// one of them, mount(2) makes it on a scratch place of the container's own mount namespace, and it is moved from there.
// There is one scratch place, so on such a kernel a mount is put in its place before the next one is made.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace hoist::runtime::init {

/// For the file system: "size" = "64m"; an empty value is a flag.
using MountData = std::vector<std::pair<std::string, std::string>>;
enum class Below : bool { left_alone, included };

/// A new file system. @param attributes  MOUNT_ATTR_*  @return the top of the mount @throws Error
Fd make_mount(const std::string& type, const std::string& source, const MountData& data, std::uint64_t attributes);
/// The same from a file system context (fsopen(2), which every kernel that we run on has).
Fd make_mount(const Fd& context, const std::string& type, const MountData& data, std::uint64_t attributes);

/// Another mount of what is at `source` (O_PATH). @param name  for error messages
Fd clone_mount(const Fd& source, Below below, const std::string& name);
/// As clone_mount of what is at the path `source`, which is ours to trust.
Fd clone_mount_at(const std::string& source, Below below, const std::string& name);

/// Changes MOUNT_ATTR_* of a mount and, if wanted, of all below it.
void change_mount(const Fd& mount, std::uint64_t set, std::uint64_t clear, Below below, const std::string& name);
/// The same for the mount that is "/".
void change_root_mount(std::uint64_t set, std::uint64_t clear);
/// @param propagation  MS_PRIVATE, ... of a mount that is in its place
void set_propagation(const Fd& mount, std::uint64_t propagation, Below below, const std::string& name);

/// Puts a mount in its place: a directory or file. @throws Error that names `destination`
void attach(const Fd& mount, const Fd& target, const std::string& destination);

}  // namespace hoist::runtime::init
