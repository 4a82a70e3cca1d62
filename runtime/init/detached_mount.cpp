// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/detached_mount.h"

#include <sys/mount.h>

#include "base/error.h"
#include "base/kernel_features.h"
#include "base/path.h"
#include "runtime/init/scratch_mount.h"

namespace hoist::runtime::init {
namespace {

/// All of them or none: an unattached mount takes no attributes without mount_setattr(2).
bool can_detach() {
    return kernel_has(KernelFeature::mount_api) && kernel_has(KernelFeature::mount_setattr);
}

unsigned recursive_flag(Below below) {
    return below == Below::included ? AT_RECURSIVE : 0u;
}

void set_option(const Fd& context, const std::string& type, const std::string& key, const char* value) {
    const int done = value ? ::fsconfig(context.get(), FSCONFIG_SET_STRING, key.c_str(), value, 0)
                           : ::fsconfig(context.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0);
    check(done, "mount {}: option {}", type, key);
}

}  // namespace

Fd make_mount(const std::string& type, const std::string& source, const MountData& data, std::uint64_t attributes) {
    if (!can_detach()) return scratch::make_mount(type, source, data, attributes);
    const Fd context(check(::fsopen(type.c_str(), FSOPEN_CLOEXEC), "mount {}", type));
    if (!source.empty()) set_option(context, type, "source", source.c_str());
    return make_mount(context, type, data, attributes);
}

Fd make_mount(const Fd& context, const std::string& type, const MountData& data, std::uint64_t attributes) {
    for (const auto& [key, value] : data) set_option(context, type, key, value.empty() ? nullptr : value.c_str());
    check(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "mount {}", type);
    Fd made(check(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)), "mount {}", type));
    return can_detach() ? std::move(made) : scratch::put(made, type);
}

Fd clone_mount(const Fd& source, Below below, const std::string& name) {
    if (!can_detach()) return scratch::clone_mount(fd_path(source), below, name);
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive_flag(below);
    return Fd(check(::open_tree(source.get(), "", flags), "bind {}", name));
}

Fd clone_mount_at(const std::string& source, Below below, const std::string& name) {
    if (!can_detach()) return scratch::clone_mount(source, below, name);
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive_flag(below);
    return Fd(check(::open_tree(AT_FDCWD, source.c_str(), flags), "bind {} to {}", source, name));
}

void change_mount(const Fd& mount, std::uint64_t set, std::uint64_t clear, Below below, const std::string& name) {
    if (!set && !clear) return;
    if (!can_detach()) return scratch::change_mount(mount, set, clear, below, name);
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    check(::mount_setattr(mount.get(), "", AT_EMPTY_PATH | recursive_flag(below), &attributes, sizeof attributes),
          "set the options of mount {}", name);
}

void change_root_mount(std::uint64_t set, std::uint64_t clear) {
    if (!can_detach()) return scratch::remount("/", set, clear, "/");
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    check(::mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof attributes), "set the options of the root");
}

void set_propagation(const Fd& mount, std::uint64_t propagation, Below below, const std::string& name) {
    if (!propagation) return;
    if (!can_detach()) return scratch::set_propagation(mount, propagation, below, name);
    mount_attr attributes{};
    attributes.propagation = propagation;
    check(::mount_setattr(mount.get(), "", AT_EMPTY_PATH | recursive_flag(below), &attributes, sizeof attributes),
          "set the propagation of mount {}", name);
}

void attach(const Fd& mount, const Fd& target, const std::string& destination) {
    if (!can_detach()) return scratch::attach(mount, target, destination);
    check(::move_mount(mount.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
          "mount on {}", destination);
}

}  // namespace hoist::runtime::init
