// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/mounts.h"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "runtime/mount_options.h"
#include "runtime/namespaces.h"

namespace hoist::runtime::init {
namespace {

void set_option(const Fd& context, const std::string& type, const std::string& key, const char* value) {
    const int done = value ? ::fsconfig(context.get(), FSCONFIG_SET_STRING, key.c_str(), value, 0)
                           : ::fsconfig(context.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0);
    check(done, "mount {}: option {}", type, key);
}

/// A new file system, mounted nowhere yet.
Fd make_mount(const std::string& type, const std::string& source, const MountOptions& options) {
    const Fd context(check(::fsopen(type.c_str(), FSOPEN_CLOEXEC), "mount {}", type));
    if (!source.empty()) set_option(context, type, "source", source.c_str());
    for (const auto& [key, value] : options.data)
        set_option(context, type, key, value.empty() ? nullptr : value.c_str());
    check(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "mount {}", type);
    return Fd(check(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(options.set)), "mount {}", type));
}

void change(const Fd& mount, std::uint64_t set, std::uint64_t clear, std::uint64_t propagation, bool recursive,
            const std::string& name) {
    if (!set && !clear && !propagation) return;
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    attributes.propagation = propagation;
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    check(::mount_setattr(mount.get(), "", flags, &attributes, sizeof attributes), "set the options of mount {}", name);
}

Fd make_bind(const Mount& mount, const MountOptions& options) {
    const unsigned recursive = options.bind_recursive ? AT_RECURSIVE : 0u;
    Fd tree(check(::open_tree(AT_FDCWD, mount.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive),
                  "bind {} to {}", mount.source, mount.destination));
    change(tree, options.set, options.clear, 0, false, mount.destination);
    return tree;
}

bool is_directory(const Fd& fd) {
    struct stat info {};
    check(::fstat(fd.get(), &info), "look at a mount");
    return S_ISDIR(info.st_mode);
}

bool below(const std::string& path, std::string_view directory) {
    return path == directory || (path.size() > directory.size() && path.compare(0, directory.size(), directory) == 0 &&
                                 path[directory.size()] == '/');
}

/// An image whose /proc or /sys is a link would have our mounts, masks and sysctls land elsewhere. (SEC-07)
void refuse_link(const RootDir& root, const std::string& path) {
    if (!root.exists(path)) return;
    struct stat info {};
    check(::fstat(root.open_entry(path).get(), &info), "look at {} in the root", path);
    if (!S_ISDIR(info.st_mode)) fail(Kind::denied, "{} in the root file system is not a directory", path);
}

/// Mounts over procfs only where others do so harmlessly; over sysfs only where it was meant.
void check_target(const Mount& mount, const std::string& path, const Fd& target, const Fd& source) {
    static constexpr std::array<std::string_view, 10> harmless = {"/proc/cpuinfo",
                                                                  "/proc/diskstats",
                                                                  "/proc/meminfo",
                                                                  "/proc/stat",
                                                                  "/proc/swaps",
                                                                  "/proc/uptime",
                                                                  "/proc/loadavg",
                                                                  "/proc/slabinfo",
                                                                  "/proc/sys/kernel/ns_last_pid",
                                                                  "/proc/sys/crypto/fips_enabled"};
    if (path == "/proc" && !is_on(source, PROC_SUPER_MAGIC)) fail(Kind::denied, "only procfs may be mounted on /proc");
    if (path == "/sys" && !is_on(source, SYSFS_MAGIC)) fail(Kind::denied, "only sysfs may be mounted on /sys");
    const bool allowed = path == "/proc" || std::find(harmless.begin(), harmless.end(), path) != harmless.end();
    if (is_on(target, PROC_SUPER_MAGIC) && !allowed)
        fail(Kind::denied, "mount on {}: it lies on procfs, which must not be covered", mount.destination);
    if (is_on(target, SYSFS_MAGIC) && !below(path, "/sys"))
        fail(Kind::denied, "mount on {}: it leads to sysfs, which must not be covered", mount.destination);
}

void mount_one(const Mount& mount, const RootDir& root) {
    const auto options = parse_mount_options(mount);
    const std::string path = clean_path(mount.destination);
    if (path == "/proc" || path == "/sys") refuse_link(root, path);
    const Fd made = options.bind ? make_bind(mount, options) : make_mount(mount.type, mount.source, options);
    const Fd target = is_directory(made) ? root.mount_target_directory(path) : root.mount_target_file(path);
    check_target(mount, path, target, made);
    change(made, options.recursive_set, options.recursive_clear, 0, true, mount.destination);
    attach(made, target, mount.destination);
    change(made, 0, 0, options.propagation, options.propagation_recursive, mount.destination);
}

/// One v1 hierarchy below the container's /sys/fs/cgroup.
void mount_hierarchy(const Cgroup::Place& view, const Fd& parent, const MountOptions& options, bool own_namespace) {
    MountOptions one = options;
    one.data.clear();
    for (const auto& controller : split(view.controllers, ',')) {
        const auto equals = controller.find('=');
        one.data.emplace_back(controller.substr(0, equals),
                              equals == std::string::npos ? "" : controller.substr(equals + 1));
    }
    const Fd mount = own_namespace ? make_mount("cgroup", "cgroup", one)
                                   : make_bind({"/sys/fs/cgroup", "bind", view.directory, {}}, one);
    std::string name = view.controllers;
    if (name.rfind("name=", 0) == 0) name.erase(0, 5);
    check(::mkdirat(parent.get(), name.c_str(), 0755), "make /sys/fs/cgroup/{}", name);
    check(::move_mount(mount.get(), "", parent.get(), name.c_str(), MOVE_MOUNT_F_EMPTY_PATH), "mount cgroup {}", name);
    if (name.find(',') == std::string::npos) return;
    for (const auto& alias : split(name, ',')) ::symlinkat(name.c_str(), parent.get(), alias.c_str());
}

void mount_cgroups(const Mount& mount, const Config& config, const RootDir& root, const Cgroup& cgroup) {
    auto options = parse_mount_options(mount);
    const bool own_namespace = find_namespace(config, NamespaceType::cgroup) != nullptr;
    options.data.clear();
    if (cgroup.mode() == CgroupMode::v2) {
        Mount one = mount;
        one.type = own_namespace ? "cgroup2" : "bind";
        one.source = own_namespace ? "cgroup2" : cgroup.places().at(0).directory;
        return mount_one(one, root);
    }
    // Written to while it is being filled, read-only afterwards.
    const auto attributes = std::exchange(options.set, options.set & ~static_cast<std::uint64_t>(MOUNT_ATTR_RDONLY));
    MountOptions folder = options;
    folder.data = {{"mode", "755"}, {"size", "64k"}};
    const Fd made = make_mount("tmpfs", "tmpfs", folder);
    const std::string path = clean_path(mount.destination);
    attach(made, root.mount_target_directory(path), path);
    options.set = attributes;
    for (const auto& view : cgroup.places()) mount_hierarchy(view, made, options, own_namespace);
    change(made, attributes, 0, options.propagation, false, path);
}

}  // namespace

bool is_on(const Fd& fd, long magic) {
    struct statfs info {};
    check(::fstatfs(fd.get(), &info), "look at a file system");
    return info.f_type == magic;
}

void attach(const Fd& mount, const Fd& target, const std::string& destination) {
    check(::move_mount(mount.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
          "mount on {}", destination);
}

void mount_all(const Config& config, const RootDir& root, const Cgroup& cgroup) {
    for (const auto& mount : config.mounts) {
        if (mount.type == "cgroup" || mount.type == "cgroup2") {
            mount_cgroups(mount, config, root, cgroup);
        } else {
            mount_one(mount, root);
        }
    }
}

}  // namespace hoist::runtime::init
