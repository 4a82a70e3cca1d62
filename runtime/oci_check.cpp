// SPDX-License-Identifier: Apache-2.0
#include "runtime/oci_check.h"

#include "base/error.h"
#include "base/text.h"
#include "runtime/cache_allocation.h"
#include "runtime/mount_options.h"
#include "runtime/namespaces.h"
#include "runtime/security_label.h"
#include "runtime/sysctl.h"

namespace hoist::runtime {
namespace {

bool is_new(const Namespace* one) {
    return one && one->path.empty();
}

bool maps_root(const std::vector<IdMapping>& mappings) {
    for (const auto& one : mappings) {
        if (one.container_id == 0) return true;
    }
    return false;
}

void check_user_namespace(const Config& config) {
    const Namespace* user = find_namespace(config, NamespaceType::user);
    if (!user && (!config.uid_mappings.empty() || !config.gid_mappings.empty()))
        fail(Kind::invalid,
             "linux.uidMappings, linux.gidMappings: without a user namespace in linux.namespaces they "
             "would have no effect");
    if (!is_new(user)) return;
    if (!maps_root(config.uid_mappings))
        fail(Kind::invalid, "linux.uidMappings: a new user namespace needs ids, and 0 among those inside");
    if (!maps_root(config.gid_mappings))
        fail(Kind::invalid, "linux.gidMappings: a new user namespace needs ids, and 0 among those inside");
}

void check_mount_namespace(const Config& config) {
    const Namespace* mounts = find_namespace(config, NamespaceType::mount);
    if (!mounts)
        fail(Kind::invalid, "linux.namespaces: without a mount namespace the container's mounts would be the host's");
    if (is_new(mounts)) return;
    if (config.root_readonly)
        fail(Kind::invalid, "root.readonly: it would change a mount of the namespace that is joined");
    if (!config.rootfs_propagation.empty())
        fail(Kind::invalid, "linux.rootfsPropagation: it would change a mount of the namespace that is joined");
}

void check_names(const Config& config) {
    if (find_namespace(config, NamespaceType::uts)) return;
    if (!config.hostname.empty()) fail(Kind::invalid, "hostname: it needs a uts namespace in linux.namespaces");
    if (!config.domainname.empty()) fail(Kind::invalid, "domainname: it needs a uts namespace in linux.namespaces");
}

void check_namespaces(const Config& config, bool joins_network) {
    check_mount_namespace(config);
    check_user_namespace(config);
    check_names(config);
    if (!config.time_offsets.empty() && !is_new(find_namespace(config, NamespaceType::time)))
        fail(Kind::invalid, "linux.timeOffsets: they need a new time namespace in linux.namespaces");
    if (!config.net_devices.empty() && !joins_network && !find_namespace(config, NamespaceType::network))
        fail(Kind::invalid, "linux.netDevices: they need a network namespace in linux.namespaces");
}

void check_sysctl(const Config& config, bool joins_network) {
    for (const auto& [name, value] : config.sysctl) {
        const auto found = parse_sysctl(name);
        if (!found) fail(Kind::invalid, "linux.sysctl \"{}\": this is no name of a sysctl", escape_for_terminal(name));
        // As with runc and crun: two ways to say one thing could contradict each other.
        if (found->path == "kernel/hostname")
            fail(Kind::invalid, "linux.sysctl \"{}\": the key \"hostname\" sets it", escape_for_terminal(name));
        if (found->path == "kernel/domainname" && !config.domainname.empty() && config.domainname != value)
            fail(Kind::invalid, "linux.sysctl \"{}\": it is not what the key \"domainname\" says",
                 escape_for_terminal(name));
        const bool own = found->owner && (find_namespace(config, *found->owner) ||
                                          (joins_network && found->owner == NamespaceType::network));
        if (!own)
            fail(Kind::invalid,
                 "linux.sysctl \"{}\": it belongs to no namespace of this container, so it would change the host",
                 escape_for_terminal(name));
    }
}

void check_paths(const std::vector<std::string>& paths, const char* key) {
    for (const auto& path : paths) {
        if (path.empty() || path[0] != '/')
            fail(Kind::invalid, "linux.{}: \"{}\" is not an absolute path", key, escape_for_terminal(path));
    }
}

void check_mounts(const Config& config) {
    for (std::size_t i = 0; i < config.mounts.size(); ++i) {
        try {
            const auto options = parse_mount_options(config.mounts[i]);
            (void)mount_id_mappings(config.mounts[i], config);
            if (options.bind && !options.remount && config.mounts[i].source.empty())
                fail(Kind::invalid, "a bind mount needs a source");
        } catch (Error& error) {
            throw error.during("mounts[{}]", i);
        }
    }
}

}  // namespace

void check_config(const Config& config, bool joins_network) {
    check_namespaces(config, joins_network);
    check_sysctl(config, joins_network);
    check_mounts(config);
    check_paths(config.masked_paths, "maskedPaths");
    check_paths(config.readonly_paths, "readonlyPaths");
    check_labels(config.process);
    if (config.cache_allocation && resctrl_mount().empty())
        fail(Kind::invalid, "linux.intelRdt: no resctrl file system is mounted, so caches cannot be shared out");
}

}  // namespace hoist::runtime
