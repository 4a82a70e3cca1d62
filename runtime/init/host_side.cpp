// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/host_side.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/kernel_features.h"
#include "runtime/init/detached_mount.h"
#include "runtime/init/mounts.h"
#include "runtime/init/root.h"
#include "runtime/mount_options.h"
#include "runtime/namespaces.h"
#include "runtime/user_namespace.h"

namespace hoist::runtime::init {
namespace {

Fd make_device_nodes(const Config& config) {
    Fd nodes = make_mount("tmpfs", "", {{"mode", "755"}}, 0);
    int number = 0;
    for (const auto& device : all_devices(config)) {
        const std::string name = std::to_string(number++);
        make_device_node(nodes, name, device);
        check(::fchownat(nodes.get(), name.c_str(), host_id(config.uid_mappings, device.uid),
                         host_id(config.gid_mappings, device.gid), AT_SYMLINK_NOFOLLOW),
              "set the owner of {}", device.path);
    }
    return nodes;
}

/// In the host's mount namespace a clone belongs to the peers of what it was cloned from. (As leave_propagation.)
void leave_peers(const Fd& tree, const std::string& name) {
    set_propagation(tree, MS_SLAVE, Below::included, name);
}

}  // namespace

std::vector<Fd> open_id_maps(const Config& config, const Fd& own) {
    std::vector<Fd> maps(config.mounts.size());
    for (std::size_t i = 0; i < maps.size(); ++i) {
        const auto mappings = mount_id_mappings(config.mounts[i], config);
        if (!mappings) continue;
        if (!kernel_has(KernelFeature::idmapped_mounts))
            fail(Kind::invalid, "mounts[{}]: id-mapped mounts need Linux 5.12", i);
        const bool same = own && config.mounts[i].uid_mappings.empty() && !has_written_mappings(config.mounts[i]);
        maps[i] = same ? own.duplicate() : make_user_namespace(mappings->uids, mappings->gids);
    }
    return maps;
}

void make_host_side(const CreateOptions& options, bool foreign_network, const Fd& pid_namespace, HostSide& side) {
    const auto& config = options.config;
    if (!kernel_has(KernelFeature::mount_setattr) || !kernel_has(KernelFeature::mount_api))
        fail(Kind::invalid, "linux.namespaces: containers in user namespaces need Linux 5.12");
    side.root = make_root(config, options.root);
    leave_peers(side.root, "/");
    side.mounts.resize(config.mounts.size());
    for (std::size_t i = 0; i < config.mounts.size(); ++i) {
        const auto& mount = config.mounts[i];
        const auto parsed = parse_mount_options(mount);
        const bool foreign = (foreign_network && mount.type == "sysfs") || (pid_namespace && mount.type == "proc");
        if (parsed.remount || !(parsed.bind || foreign)) continue;
        side.mounts[i] = make_listed_mount(mount, {&side.id_maps[i], pid_namespace ? &pid_namespace : nullptr});
        leave_peers(side.mounts[i], mount.destination);
    }
    side.devices = make_device_nodes(config);
}

}  // namespace hoist::runtime::init
