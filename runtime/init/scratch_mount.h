#pragma once
// SPDX-License-Identifier: Apache-2.0
// The functions of detached_mount.h for kernels without its system calls, by mount(2). Descriptors are named to it by
// /proc/self/fd, so they work only while the host's /proc is in sight.

#include "runtime/init/detached_mount.h"

namespace hoist::runtime::init::scratch {

Fd make_mount(const std::string& type, const std::string& source, const MountData& data, std::uint64_t attributes);
/// Puts a detached mount on the scratch place.
Fd put(const Fd& detached, const std::string& type);
Fd clone_mount(const std::string& source, Below below, const std::string& name);
void change_mount(const Fd& mount, std::uint64_t set, std::uint64_t clear, Below below, const std::string& name);
/// Changes the attributes of the mount whose top is at `path`; the others stay as they are.
void remount(const std::string& path, std::uint64_t set, std::uint64_t clear, const std::string& name);
void set_propagation(const Fd& mount, std::uint64_t propagation, Below below, const std::string& name);
void attach(const Fd& mount, const Fd& target, const std::string& destination);

}  // namespace hoist::runtime::init::scratch
