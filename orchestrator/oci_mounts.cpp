// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/oci_mounts.h"

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"

namespace hoist::orchestrator {
namespace {

runtime::Mount bind_mount(const std::string& source, const std::string& target, bool read_only,
                          const std::string& propagation) {
    const std::string how = propagation.empty() ? "rprivate" : propagation;
    return {target, "bind", source, {"rbind", how, read_only ? "ro" : "rw"}};
}

runtime::Mount tmpfs(const MountSpec& mount) {
    runtime::Mount made{mount.target, "tmpfs", "tmpfs", {"nosuid", "nodev", "noexec"}};
    for (const auto& option : split(mount.tmpfs_options, ',')) {
        if (option.empty()) continue;
        // "exec" and the like undo a default.
        std::erase(made.options, "no" + option);
        made.options.push_back(option);
    }
    if (mount.tmpfs_size) made.options.push_back(fmt::format("size={}", mount.tmpfs_size->count));
    if (mount.tmpfs_mode) made.options.push_back(fmt::format("mode={:o}", *mount.tmpfs_mode));
    if (mount.read_only) made.options.push_back("ro");
    return made;
}

runtime::Mount host_path(const MountSpec& mount, const StartFacts& facts) {
    auto made = bind_mount(mount.source, mount.target, mount.read_only, mount.propagation);
    const auto confined = facts.bind_sources.find(mount.source);
    if (confined == facts.bind_sources.end()) return made;
    made.source = confined->second.root;
    made.source_below = confined->second.below;
    return made;
}

runtime::Mount oci_mount(const MountSpec& mount, const StartFacts& facts) {
    switch (mount.type) {
        case MountSpec::Type::tmpfs:
            return tmpfs(mount);
        case MountSpec::Type::bind:
            return host_path(mount, facts);
        case MountSpec::Type::volume:
            break;
    }
    const auto volume = facts.volume_data.find(mount.source);
    if (volume == facts.volume_data.end()) fail(Kind::not_found, "no such volume: {}", mount.source);
    auto made = bind_mount(volume->second, mount.target, mount.read_only, mount.propagation);
    made.source_below = mount.subpath;
    return made;
}

std::ptrdiff_t depth(const std::string& path) {
    return std::count(path.begin(), path.end(), '/');
}

void set_shm_size(runtime::Config& config, Bytes size) {
    for (auto& mount : config.mounts) {
        if (mount.destination != "/dev/shm") continue;
        std::erase_if(mount.options, [](const auto& option) { return option.starts_with("size="); });
        mount.options.push_back(fmt::format("size={}", size.count));
    }
}

}  // namespace

void add_mounts(runtime::Config& config, const ContainerSpec& spec, const StartFacts& facts) {
    if (spec.shm_size) set_shm_size(config, *spec.shm_size);
    std::vector<runtime::Mount> further;
    const auto add_file = [&](const std::string& source, const std::string& target) {
        if (!source.empty()) further.push_back(bind_mount(source, target, false, ""));
    };
    add_file(facts.resolv_conf_file, "/etc/resolv.conf");
    add_file(facts.hostname_file, "/etc/hostname");
    add_file(facts.hosts_file, "/etc/hosts");
    for (const auto& mount : spec.mounts) {
        auto made = oci_mount(mount, facts);
        made.destination = clean_path(made.destination);
        const auto same = [&](const auto& other) { return other.destination == made.destination; };
        std::erase_if(further, same);
        std::erase_if(config.mounts, same);
        further.push_back(std::move(made));
    }
    for (const auto& file : facts.files) further.push_back(bind_mount(file.source, clean_path(file.target), true, ""));
    std::stable_sort(further.begin(), further.end(), [](const auto& left, const auto& right) {
        return depth(left.destination) < depth(right.destination);
    });
    config.mounts.insert(config.mounts.end(), further.begin(), further.end());
}

}  // namespace hoist::orchestrator
