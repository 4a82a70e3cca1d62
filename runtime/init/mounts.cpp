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
#include "runtime/init/detached_mount.h"
#include "runtime/init/other_procfs.h"
#include "runtime/mount_options.h"
#include "runtime/namespaces.h"
#include "runtime/security_label.h"

namespace hoist::runtime::init {
namespace {

Below below_if(bool recursive) {
    return recursive ? Below::included : Below::left_alone;
}

Fd clone_source(const Mount& mount, Below below) {
    if (mount.source_below.empty()) return clone_mount_at(mount.source, below, mount.destination);
    const Fd found = RootDir::open(mount.source).find(mount.source_below, O_PATH);
    if (!found)
        fail(Kind::not_found, "bind {} to {}: there is no {} in it", mount.source, mount.destination,
             mount.source_below);
    return clone_mount(found, below, mount.destination);
}

/// The mount shows other owners than its files have. (mount_setattr(2), MOUNT_ATTR_IDMAP)
void map_ids(const Fd& tree, const Fd& id_map, bool recursive, const Mount& mount) {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<std::uint64_t>(id_map.get());
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
    if (::mount_setattr(tree.get(), "", flags, &attributes, sizeof attributes) == 0) return;
    const int code = errno;
    if (code == EINVAL)
        fail(Kind::invalid, "bind {} to {}: the file system of the source cannot be mounted with other ids (idmap)",
             mount.source, mount.destination);
    fail_errno(code, "bind {} to {} with other ids (idmap)", mount.source, mount.destination);
}

Fd make_bind(const Mount& mount, const MountOptions& options, const Fd& id_map) {
    Fd tree = clone_source(mount, below_if(options.bind_recursive));
    if (id_map) map_ids(tree, id_map, options.id_mapped_recursive, mount);
    change_mount(tree, options.set, options.clear, Below::left_alone, mount.destination);
    return tree;
}

bool is_directory(const Fd& fd) {
    struct stat info {};
    check(::fstat(fd.get(), &info), "look at a mount");
    return S_ISDIR(info.st_mode);
}

bool lies_below(const std::string& path, std::string_view directory) {
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
    if (is_on(target, SYSFS_MAGIC) && !lies_below(path, "/sys"))
        fail(Kind::denied, "mount on {}: it leads to sysfs, which must not be covered", mount.destination);
}

Fd make_file_system(const Mount& mount, const MountOptions& options, const MountSources& sources) {
    if (mount.type == "proc" && sources.pid_namespace)
        return make_procfs(*sources.pid_namespace, mount.source, options.data, options.set);
    MountOptions labelled = options;
    if (!sources.label.empty() && has_selinux() && (mount.type == "tmpfs" || mount.type == "devpts"))
        labelled.data.emplace_back("context", sources.label);
    return make_mount(mount.type, mount.source, labelled.data, options.set);
}

/// A /dev that the nodes are made in.
bool is_filled_dev(const Mount& mount, const MountOptions& options) {
    return clean_path(mount.destination) == "/dev" && !options.bind && !options.remount;
}

/// "remount": what is there already gets other options.
void change_listed_mount(const Mount& mount, const MountOptions& options, const RootDir& root) {
    if (!options.data.empty())
        fail(Kind::invalid,
             "remount {}: option \"{}\" is the file system's, and only those of the mount can be changed",
             mount.destination, options.data.front().first);
    const Fd there = root.open_in(clean_path(mount.destination), O_PATH);
    change_mount(there, options.set, options.clear, Below::left_alone, mount.destination);
    change_mount(there, options.recursive_set, options.recursive_clear, Below::included, mount.destination);
    set_propagation(there, options.propagation, below_if(options.propagation_recursive), mount.destination);
}

/// @param made  the mount, if it is there already
void mount_one(const Mount& mount, const RootDir& root, Fd made, const MountSources& sources) {
    const auto options = parse_mount_options(mount);
    if (options.remount) return change_listed_mount(mount, options, root);
    const std::string path = clean_path(mount.destination);
    if (path == "/proc" || path == "/sys") refuse_link(root, path);
    if (!made) made = make_listed_mount(mount, sources);
    const Fd target = is_directory(made) ? root.mount_target_directory(path) : root.mount_target_file(path);
    check_target(mount, path, target, made);
    attach(made, target, mount.destination);
    set_propagation(made, options.propagation, below_if(options.propagation_recursive), mount.destination);
    if (!options.copy_up) return;
    copy_up(target, made, mount.destination);
    change_mount(made, options.set & MOUNT_ATTR_RDONLY, 0, Below::left_alone, mount.destination);
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
    const Fd mount = own_namespace ? make_mount("cgroup", "cgroup", one.data, one.set)
                                   : make_bind({"/sys/fs/cgroup", "bind", view.directory, {}}, one, Fd());
    std::string name = view.controllers;
    if (name.rfind("name=", 0) == 0) name.erase(0, 5);
    check(::mkdirat(parent.get(), name.c_str(), 0755), "make /sys/fs/cgroup/{}", name);
    attach(mount, open_at(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW), "/sys/fs/cgroup/" + name);
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
        return mount_one(one, root, Fd(), {});
    }
    // Written to while it is being filled, read-only afterwards.
    const auto attributes = std::exchange(options.set, options.set & ~static_cast<std::uint64_t>(MOUNT_ATTR_RDONLY));
    MountOptions folder = options;
    folder.data = {{"mode", "755"}, {"size", "64k"}};
    const Fd made = make_mount("tmpfs", "tmpfs", folder.data, folder.set);
    const std::string path = clean_path(mount.destination);
    attach(made, root.mount_target_directory(path), path);
    options.set = attributes;
    for (const auto& view : cgroup.places()) {
        // On a hybrid host the v2 tree holds no controllers: there is nothing in it to show.
        if (!view.controllers.empty()) mount_hierarchy(view, made, options, own_namespace);
    }
    change_mount(made, attributes, 0, Below::left_alone, path);
    set_propagation(made, options.propagation, Below::left_alone, path);
}

}  // namespace

bool is_on(const Fd& fd, long magic) {
    struct statfs info {};
    check(::fstatfs(fd.get(), &info), "look at a file system");
    return info.f_type == magic;
}

Fd make_listed_mount(const Mount& mount, const MountSources& sources) {
    auto options = parse_mount_options(mount);
    // What is to be filled first becomes read-only afterwards.
    if (options.copy_up || is_filled_dev(mount, options)) options.set &= ~static_cast<std::uint64_t>(MOUNT_ATTR_RDONLY);
    static const Fd none;
    const Fd& id_map = sources.id_map ? *sources.id_map : none;
    Fd made = options.bind ? make_bind(mount, options, id_map) : make_file_system(mount, options, sources);
    change_mount(made, options.recursive_set, options.recursive_clear, Below::included, mount.destination);
    return made;
}

void mount_all(const Config& config, const RootDir& root, const Cgroup& cgroup, HostSide& side,
               const Fd& pid_namespace) {
    for (std::size_t i = 0; i < config.mounts.size(); ++i) {
        const auto& mount = config.mounts[i];
        if (mount.type == "cgroup" || mount.type == "cgroup2") {
            mount_cgroups(mount, config, root, cgroup);
            continue;
        }
        Fd made = side.mounts.empty() ? Fd() : std::move(side.mounts[i]);
        mount_one(mount, root, std::move(made),
                  {&side.id_maps.at(i), pid_namespace ? &pid_namespace : nullptr, config.mount_label});
    }
}

void close_dev(const Config& config, const RootDir& root) {
    for (const auto& mount : config.mounts) {
        const auto options = parse_mount_options(mount);
        if (!is_filled_dev(mount, options) || !(options.set & MOUNT_ATTR_RDONLY)) continue;
        change_mount(root.open_in("/dev", O_PATH), MOUNT_ATTR_RDONLY, 0, Below::left_alone, "/dev");
    }
}

}  // namespace hoist::runtime::init
