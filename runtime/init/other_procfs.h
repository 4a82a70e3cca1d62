#pragma once
// SPDX-License-Identifier: Apache-2.0
// procfs shows the pid namespace of whoever asks for it. To mount that of another container's, something of ours has to
// be in there for a moment, in sight of that container's processes. (SEC-04)

#include "runtime/init/detached_mount.h"

namespace hoist::runtime::init {

/// A procfs that shows `pid_namespace`, as make_mount makes it. What enters the namespace asks for a procfs and does
/// nothing else: it has no privilege over the host, sees no file, and may make no other call; the mount is made, and
/// looked at, outside.
/// @throws Error, also (timeout) if what is in there holds it
Fd make_procfs(const Fd& pid_namespace, const std::string& source, MountData data, std::uint64_t attributes);

}  // namespace hoist::runtime::init
