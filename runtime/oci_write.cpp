// SPDX-License-Identifier: Apache-2.0
// Writing config.json.
#include "runtime/namespaces.h"
#include "runtime/oci_write_parts.h"

namespace hoist::runtime {
namespace {

Json write_hook_list(const std::vector<Hook>& hooks) {
    Json list = Json::array();
    for (const auto& hook : hooks) {
        Json made = {{"path", hook.path}};
        put(made, "args", hook.args);
        put(made, "env", hook.env);
        put(made, "timeout", hook.timeout_seconds);
        list.push_back(std::move(made));
    }
    return list;
}

Json write_hooks(const Hooks& hooks) {
    Json made = Json::object();
    put_section(made, "prestart", write_hook_list(hooks.prestart));
    put_section(made, "createRuntime", write_hook_list(hooks.create_runtime));
    put_section(made, "createContainer", write_hook_list(hooks.create_container));
    put_section(made, "startContainer", write_hook_list(hooks.start_container));
    put_section(made, "poststart", write_hook_list(hooks.poststart));
    put_section(made, "poststop", write_hook_list(hooks.poststop));
    return made;
}

Json write_mappings(const std::vector<IdMapping>& mappings) {
    Json list = Json::array();
    for (const auto& one : mappings)
        list.push_back({{"containerID", one.container_id}, {"hostID", one.host_id}, {"size", one.size}});
    return list;
}

Json write_mounts(const std::vector<Mount>& mounts) {
    Json list = Json::array();
    for (const auto& mount : mounts) {
        Json made = {{"destination", mount.destination}};
        put(made, "type", mount.type);
        put(made, "source", mount.source);
        put(made, "options", mount.options);
        put(made, "sourceBelow", mount.source_below);
        put_section(made, "uidMappings", write_mappings(mount.uid_mappings));
        put_section(made, "gidMappings", write_mappings(mount.gid_mappings));
        list.push_back(std::move(made));
    }
    return list;
}

Json write_devices(const std::vector<Device>& devices) {
    Json list = Json::array();
    for (const auto& device : devices) {
        Json made = {{"path", device.path},   {"type", std::string(1, device.type)},
                     {"major", device.major}, {"minor", device.minor},
                     {"uid", device.uid},     {"gid", device.gid}};
        put(made, "fileMode", device.file_mode);
        list.push_back(std::move(made));
    }
    return list;
}

Json write_namespaces(const std::vector<Namespace>& namespaces) {
    Json list = Json::array();
    for (const auto& one : namespaces) {
        Json made = {{"type", to_string(one.type)}};
        put(made, "path", one.path);
        list.push_back(std::move(made));
    }
    return list;
}

Json write_time_offsets(const std::map<std::string, TimeOffset>& offsets) {
    Json made = Json::object();
    for (const auto& [clock, offset] : offsets)
        made[clock] = {{"secs", offset.seconds}, {"nanosecs", offset.nanoseconds}};
    return made;
}

Json write_net_devices(const std::map<std::string, std::string>& devices) {
    Json made = Json::object();
    for (const auto& [name, inside] : devices) {
        made[name] = Json::object();
        put(made[name], "name", inside);
    }
    return made;
}

Json write_memory_policy(const MemoryPolicy& policy) {
    Json made = {{"mode", policy.mode}};
    put(made, "nodes", policy.nodes);
    put(made, "flags", policy.flags);
    return made;
}

Json write_cache_allocation(const CacheAllocation& rdt) {
    Json made = Json::object();
    put(made, "closID", rdt.group);
    put(made, "l3CacheSchema", rdt.l3_schema);
    put(made, "memBwSchema", rdt.bandwidth_schema);
    put(made, "schemata", rdt.schemata);
    if (rdt.monitoring) made["enableMonitoring"] = true;
    return made;
}

Json write_linux(const Config& config) {
    Json made = Json::object();
    put_section(made, "namespaces", write_namespaces(config.namespaces));
    put_section(made, "uidMappings", write_mappings(config.uid_mappings));
    put_section(made, "gidMappings", write_mappings(config.gid_mappings));
    put_section(made, "devices", write_devices(config.devices));
    put(made, "cgroupsPath", config.cgroups_path);
    put_section(made, "resources", to_json(config.resources));
    put(made, "sysctl", config.sysctl);
    put_section(made, "seccomp", config.seccomp);
    put(made, "rootfsPropagation", config.rootfs_propagation);
    put(made, "maskedPaths", config.masked_paths);
    put(made, "readonlyPaths", config.readonly_paths);
    put(made, "mountLabel", config.mount_label);
    put_section(made, "timeOffsets", write_time_offsets(config.time_offsets));
    put_section(made, "netDevices", write_net_devices(config.net_devices));
    if (config.personality) made["personality"] = {{"domain", config.personality->domain}};
    if (config.memory_policy) made["memoryPolicy"] = write_memory_policy(*config.memory_policy);
    if (config.cache_allocation) made["intelRdt"] = write_cache_allocation(*config.cache_allocation);
    return made;
}

}  // namespace

Json to_json(const Config& config) {
    Json made = {{"ociVersion", config.oci_version}, {"process", to_json(config.process)}};
    if (!config.root_path.empty() || config.root_readonly)
        made["root"] = {{"path", config.root_path}, {"readonly", config.root_readonly}};
    put(made, "hostname", config.hostname);
    put(made, "domainname", config.domainname);
    put_section(made, "mounts", write_mounts(config.mounts));
    put_section(made, "hooks", write_hooks(config.hooks));
    put(made, "annotations", config.annotations);
    put_section(made, "linux", write_linux(config));
    return made;
}

}  // namespace hoist::runtime
