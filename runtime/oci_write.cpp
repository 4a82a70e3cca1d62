// SPDX-License-Identifier: Apache-2.0
// Writing config.json.
#include "runtime/capabilities.h"
#include "runtime/namespaces.h"
#include "runtime/oci.h"

namespace hoist::runtime {
namespace {

template <class T>
void put(Json& object, const char* key, const std::optional<T>& value) {
    if (value) object[key] = *value;
}
void put(Json& object, const char* key, const std::string& value) {
    if (!value.empty()) object[key] = value;
}
template <class T>
void put(Json& object, const char* key, const std::vector<T>& list) {
    if (!list.empty()) object[key] = list;
}
void put(Json& object, const char* key, const std::map<std::string, std::string>& map) {
    if (!map.empty()) object[key] = map;
}
void put_section(Json& object, const char* key, Json section) {
    if (!section.empty()) object[key] = std::move(section);
}

Json capability_set(std::uint64_t mask) {
    Json names = Json::array();
    for (int number = 0; number <= 40; ++number) {
        if (mask >> number & 1) names.push_back(capability_name(number));
    }
    return names;
}

Json write_capabilities(const Capabilities& sets) {
    return {{"bounding", capability_set(sets.bounding)},
            {"effective", capability_set(sets.effective)},
            {"inheritable", capability_set(sets.inheritable)},
            {"permitted", capability_set(sets.permitted)},
            {"ambient", capability_set(sets.ambient)}};
}

Json write_user(const User& user) {
    Json made = {{"uid", user.uid}, {"gid", user.gid}};
    put(made, "umask", user.umask);
    put(made, "additionalGids", user.additional_gids);
    put(made, "username", user.name);
    put(made, "additionalGroups", user.group_names);
    return made;
}

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

Json write_mounts(const std::vector<Mount>& mounts) {
    Json list = Json::array();
    for (const auto& mount : mounts) {
        Json made = {{"destination", mount.destination}};
        put(made, "type", mount.type);
        put(made, "source", mount.source);
        put(made, "options", mount.options);
        put(made, "sourceBelow", mount.source_below);
        list.push_back(std::move(made));
    }
    return list;
}

Json write_mappings(const std::vector<IdMapping>& mappings) {
    Json list = Json::array();
    for (const auto& one : mappings)
        list.push_back({{"containerID", one.container_id}, {"hostID", one.host_id}, {"size", one.size}});
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

Json write_device_rules(const std::vector<DeviceRule>& rules) {
    Json list = Json::array();
    for (const auto& rule : rules) {
        Json made = {{"allow", rule.allow}, {"type", std::string(1, rule.type)}, {"access", rule.access}};
        if (rule.major >= 0) made["major"] = rule.major;
        if (rule.minor >= 0) made["minor"] = rule.minor;
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
    return made;
}

}  // namespace

Json to_json(const Resources& resources) {
    Json memory = Json::object(), cpu = Json::object(), pids = Json::object(), block = Json::object();
    put(memory, "limit", resources.memory_limit);
    put(memory, "reservation", resources.memory_reservation);
    put(memory, "swap", resources.memory_swap);
    put(memory, "disableOOMKiller", resources.disable_oom_killer);
    put(memory, "swappiness", resources.memory_swappiness);
    put(cpu, "shares", resources.cpu_shares);
    put(cpu, "quota", resources.cpu_quota);
    put(cpu, "period", resources.cpu_period);
    put(cpu, "realtimeRuntime", resources.cpu_realtime_runtime);
    put(cpu, "realtimePeriod", resources.cpu_realtime_period);
    put(cpu, "cpus", resources.cpuset_cpus);
    put(cpu, "mems", resources.cpuset_mems);
    put(pids, "limit", resources.pids_limit);
    put(block, "weight", resources.blkio_weight);
    Json made = Json::object();
    put_section(made, "memory", std::move(memory));
    put_section(made, "cpu", std::move(cpu));
    put_section(made, "pids", std::move(pids));
    put_section(made, "blockIO", std::move(block));
    put_section(made, "devices", write_device_rules(resources.devices));
    put(made, "unified", resources.unified);
    return made;
}

Json to_json(const Process& process) {
    Json made = {{"terminal", process.terminal}, {"user", write_user(process.user)}, {"cwd", process.cwd}};
    if (process.console_rows || process.console_columns)
        made["consoleSize"] = {{"height", process.console_rows}, {"width", process.console_columns}};
    put(made, "args", process.args);
    put(made, "env", process.env);
    if (process.capabilities) made["capabilities"] = write_capabilities(*process.capabilities);
    Json limits = Json::array();
    for (const auto& limit : process.rlimits)
        limits.push_back({{"type", limit.type}, {"soft", limit.soft}, {"hard", limit.hard}});
    put_section(made, "rlimits", std::move(limits));
    if (process.no_new_privileges) made["noNewPrivileges"] = true;
    put(made, "oomScoreAdj", process.oom_score_adj);
    return made;
}

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
