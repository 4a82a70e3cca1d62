// SPDX-License-Identifier: Apache-2.0
// Reading config.json.
#include "runtime/oci.h"

#include <cstring>

#include "runtime/json_reader.h"
#include "runtime/namespaces.h"

namespace hoist::runtime {
namespace {

using In = JsonReader;

std::uint64_t read_capability_set(const In& in, const char* key) {
    std::uint64_t mask = 0;
    in.each(key, [&](const In& name) {
        const auto number = capability_number(name.as<std::string>());
        // One that is newer than we are cannot be granted; leaving it out grants less, never more.
        if (number) mask |= std::uint64_t{1} << *number;
    });
    return mask;
}

Capabilities read_capabilities(const In& in) {
    return {.bounding = read_capability_set(in, "bounding"),
            .effective = read_capability_set(in, "effective"),
            .inheritable = read_capability_set(in, "inheritable"),
            .permitted = read_capability_set(in, "permitted"),
            .ambient = read_capability_set(in, "ambient")};
}

void read_user(const In& in, User& user) {
    in.read("uid", user.uid);
    in.read("gid", user.gid);
    in.read("umask", user.umask);
    in.read("additionalGids", user.additional_gids);
    in.read("username", user.name);
    in.read("additionalGroups", user.group_names);
    // 2^32-1 means "leave it" to setresuid(2): it would silently stay root. (SEC-18)
    if (user.uid == 0xffffffff || user.gid == 0xffffffff) in.refuse("4294967295 is not a user or group id");
}

Process read_process(const In& in) {
    Process process;
    in.read("terminal", process.terminal);
    in.with("consoleSize", [&](const In& size) {
        size.read("height", process.console_rows);
        size.read("width", process.console_columns);
    });
    in.with("user", [&](const In& user) { read_user(user, process.user); });
    in.read("args", process.args);
    in.read("env", process.env);
    in.read("cwd", process.cwd);
    in.with("capabilities", [&](const In& sets) { process.capabilities = read_capabilities(sets); });
    in.each("rlimits", [&](const In& limit) {
        auto& made = process.rlimits.emplace_back();
        limit.read("type", made.type);
        limit.read("soft", made.soft);
        limit.read("hard", made.hard);
    });
    in.read("noNewPrivileges", process.no_new_privileges);
    in.read("oomScoreAdj", process.oom_score_adj);
    return process;
}

void read_hook_list(const In& in, const char* key, std::vector<Hook>& hooks) {
    in.each(key, [&](const In& hook) {
        auto& made = hooks.emplace_back();
        hook.read("path", made.path);
        hook.read("args", made.args);
        hook.read("env", made.env);
        hook.read("timeout", made.timeout_seconds);
        if (made.path.empty() || made.path[0] != '/') hook.refuse("path must be absolute");
    });
}

void read_hooks(const In& in, Hooks& hooks) {
    read_hook_list(in, "prestart", hooks.prestart);
    read_hook_list(in, "createRuntime", hooks.create_runtime);
    read_hook_list(in, "createContainer", hooks.create_container);
    read_hook_list(in, "startContainer", hooks.start_container);
    read_hook_list(in, "poststart", hooks.poststart);
    read_hook_list(in, "poststop", hooks.poststop);
}

void read_mount(const In& in, std::vector<Mount>& mounts) {
    auto& made = mounts.emplace_back();
    in.read("destination", made.destination);
    in.read("type", made.type);
    in.read("source", made.source);
    in.read("options", made.options);
    in.read("sourceBelow", made.source_below);
    if (made.destination.empty()) in.refuse("destination is missing");
}

void read_mappings(const In& in, const char* key, std::vector<IdMapping>& mappings) {
    in.each(key, [&](const In& mapping) {
        auto& made = mappings.emplace_back();
        mapping.read("containerID", made.container_id);
        mapping.read("hostID", made.host_id);
        mapping.read("size", made.size);
    });
}

char read_type_letter(const In& in, const char* allowed, char fallback) {
    std::string type;
    in.read("type", type);
    if (type.empty() && fallback) return fallback;
    if (type.size() != 1 || !std::strchr(allowed, type[0])) in.refuse("type is not one of those allowed");
    return type[0];
}

void read_device(const In& in, std::vector<Device>& devices) {
    auto& made = devices.emplace_back();
    in.read("path", made.path);
    made.type = read_type_letter(in, "cbup", 0);
    in.read("major", made.major);
    in.read("minor", made.minor);
    in.read("fileMode", made.file_mode);
    in.read("uid", made.uid);
    in.read("gid", made.gid);
    if (made.path.empty() || made.path[0] != '/') in.refuse("path must be absolute");
}

void read_device_rule(const In& in, std::vector<DeviceRule>& rules) {
    auto& made = rules.emplace_back();
    in.read("allow", made.allow);
    made.type = read_type_letter(in, "acb", 'a');
    in.read("major", made.major);
    in.read("minor", made.minor);
    in.read("access", made.access);
    if (made.access.empty()) made.access = "rwm";
    if (made.access.find_first_not_of("rwm") != std::string::npos) in.refuse("access has only the letters r, w, m");
}

void read_memory(const In& in, Resources& into) {
    in.read("limit", into.memory_limit);
    in.read("reservation", into.memory_reservation);
    in.read("swap", into.memory_swap);
    in.read("disableOOMKiller", into.disable_oom_killer);
    in.read("swappiness", into.memory_swappiness);
}

void read_cpu(const In& in, Resources& into) {
    in.read("shares", into.cpu_shares);
    in.read("quota", into.cpu_quota);
    in.read("period", into.cpu_period);
    in.read("realtimeRuntime", into.cpu_realtime_runtime);
    in.read("realtimePeriod", into.cpu_realtime_period);
    in.read("cpus", into.cpuset_cpus);
    in.read("mems", into.cpuset_mems);
}

Resources read_resources(const In& in) {
    Resources made;
    in.with("memory", [&](const In& memory) { read_memory(memory, made); });
    in.with("cpu", [&](const In& cpu) { read_cpu(cpu, made); });
    in.with("pids", [&](const In& pids) { pids.read("limit", made.pids_limit); });
    in.with("blockIO", [&](const In& block) { block.read("weight", made.blkio_weight); });
    in.each("devices", [&](const In& rule) { read_device_rule(rule, made.devices); });
    in.with("unified", [&](const In& unified) {
        for (const auto& [key, value] : unified.json().items()) {
            if (!value.is_string()) unified.refuse("values must be strings");
            if (key.empty() || key.find('/') != std::string::npos) unified.refuse("keys must be file names");
            made.unified[key] = value.get<std::string>();
        }
    });
    return made;
}

void read_string_map(const In& in, const char* key, std::map<std::string, std::string>& into) {
    in.with(key, [&](const In& object) {
        if (!object.json().is_object()) object.refuse("must be an object");
        for (const auto& [name, value] : object.json().items()) {
            if (!value.is_string()) object.refuse("values must be strings");
            into[name] = value.get<std::string>();
        }
    });
}

void read_namespace(const In& in, std::vector<Namespace>& namespaces) {
    std::string type, path;
    in.read("type", type);
    in.read("path", path);
    const auto known = namespace_type(type);
    if (!known) in.refuse("type is not a namespace of Linux");
    for (const auto& other : namespaces) {
        if (other.type == *known) in.refuse("this namespace is listed twice");
    }
    namespaces.push_back({*known, path});
}

void read_linux(const In& in, Config& config) {
    in.each("namespaces", [&](const In& one) { read_namespace(one, config.namespaces); });
    read_mappings(in, "uidMappings", config.uid_mappings);
    read_mappings(in, "gidMappings", config.gid_mappings);
    in.each("devices", [&](const In& device) { read_device(device, config.devices); });
    in.read("cgroupsPath", config.cgroups_path);
    in.with("resources", [&](const In& resources) { config.resources = read_resources(resources); });
    read_string_map(in, "sysctl", config.sysctl);
    in.with("seccomp", [&](const In& seccomp) { config.seccomp = seccomp.json(); });
    in.read("rootfsPropagation", config.rootfs_propagation);
    in.read("maskedPaths", config.masked_paths);
    in.read("readonlyPaths", config.readonly_paths);
}

}  // namespace

Config config_from_json(const Json& document) {
    Config config;
    const In in(document);
    if (!document.is_object()) fail(Kind::invalid, "the configuration must be a JSON object");
    in.read("ociVersion", config.oci_version);
    in.with("process", [&](const In& process) { config.process = read_process(process); });
    in.with("root", [&](const In& root) {
        root.read("path", config.root_path);
        root.read("readonly", config.root_readonly);
    });
    in.read("hostname", config.hostname);
    in.read("domainname", config.domainname);
    in.each("mounts", [&](const In& mount) { read_mount(mount, config.mounts); });
    in.with("hooks", [&](const In& hooks) { read_hooks(hooks, config.hooks); });
    read_string_map(in, "annotations", config.annotations);
    in.with("linux", [&](const In& section) { read_linux(section, config); });
    return config;
}

Process process_from_json(const Json& object) {
    return read_process(In(object));
}

Resources resources_from_json(const Json& object) {
    return read_resources(In(object));
}

}  // namespace hoist::runtime
