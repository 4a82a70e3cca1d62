// SPDX-License-Identifier: Apache-2.0
// Reading config.json.
#include "runtime/oci.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"
#include "runtime/namespaces.h"
#include "runtime/oci_read.h"
#include "runtime/scheduling.h"

namespace hoist::runtime {
namespace {

using In = JsonReader;

void read_hook_list(const In& in, const char* key, std::vector<Hook>& hooks) {
    in.each(key, [&](const In& hook) {
        auto& made = hooks.emplace_back();
        hook.read("path", made.path);
        hook.read("args", made.args);
        hook.read("env", made.env);
        hook.read("timeout", made.timeout_seconds);
        if (made.timeout_seconds.value_or(1) < 1) hook.refuse("timeout must be at least 1 (second)");
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

/// The ranges under a key. Ids beyond 2^32-2 are none, and no id may stand in two ranges.
void read_mappings(const In& in, const char* key, std::vector<IdMapping>& mappings) {
    const auto overlap = [](std::uint32_t a, std::uint32_t b, const IdMapping& x, const IdMapping& y) {
        return std::uint64_t{a} < std::uint64_t{b} + y.size && std::uint64_t{b} < std::uint64_t{a} + x.size;
    };
    in.each(key, [&](const In& mapping) {
        IdMapping made;
        mapping.read("containerID", made.container_id);
        mapping.read("hostID", made.host_id);
        mapping.read("size", made.size);
        if (made.size == 0) mapping.refuse("size must be at least 1");
        if (made.size > 0xffffffff - made.container_id || made.size > 0xffffffff - made.host_id)
            mapping.refuse("the range goes beyond the last id, 4294967294");
        constexpr std::size_t most = 340;  // the kernel's
        if (mappings.size() >= most) mapping.refuse("a user namespace takes 340 ranges at most");
        for (const auto& other : mappings) {
            if (overlap(made.container_id, other.container_id, made, other) ||
                overlap(made.host_id, other.host_id, made, other))
                mapping.refuse("the range overlaps one before it");
        }
        mappings.push_back(made);
    });
}

void read_mount(const In& in, std::vector<Mount>& mounts) {
    auto& made = mounts.emplace_back();
    in.read("destination", made.destination);
    in.read("type", made.type);
    in.read("source", made.source);
    in.read("options", made.options);
    in.read("sourceBelow", made.source_below);
    read_mappings(in, "uidMappings", made.uid_mappings);
    read_mappings(in, "gidMappings", made.gid_mappings);
    if (made.destination.empty()) in.refuse("destination is missing");
    if (made.uid_mappings.empty() != made.gid_mappings.empty())
        in.refuse("uidMappings and gidMappings are only possible together");
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
    if (made.major < 0 || made.minor < 0) in.refuse("major and minor must not be negative");
    if (made.path.empty() || made.path[0] != '/') in.refuse("path must be absolute");
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

void read_time_offsets(const In& in, std::map<std::string, TimeOffset>& offsets) {
    for (const char* clock : {"monotonic", "boottime"}) {
        in.with(clock, [&](const In& offset) {
            auto& made = offsets[clock];
            offset.read("secs", made.seconds);
            offset.read("nanosecs", made.nanoseconds);
            if (made.nanoseconds >= 1'000'000'000) offset.refuse("nanosecs must be less than a second");
        });
    }
}

/// A name that the kernel takes for a network interface.
bool is_interface_name(const std::string& name) {
    return !name.empty() && name.size() < 16 && name != "." && name != ".." &&
           name.find_first_of("/: \t\n") == std::string::npos;
}

void read_net_devices(const In& in, std::map<std::string, std::string>& devices) {
    if (!in.json().is_object()) in.refuse("must be an object");
    for (const auto& [name, unused] : in.json().items()) {
        if (!is_interface_name(name)) in.refuse("keys must be names of network interfaces");
        in.with(name.c_str(), [&, &host_name = name](const In& device) {
            std::string& inside = devices[host_name];
            device.read("name", inside);
            if (!inside.empty() && !is_interface_name(inside)) device.refuse("name is not a network interface's");
        });
    }
}

void read_personality(const In& in, std::optional<Personality>& into) {
    std::vector<std::string> flags;
    in.read("domain", into.emplace().domain);
    in.read("flags", flags);
    if (into->domain != "LINUX" && into->domain != "LINUX32") in.refuse("domain is LINUX or LINUX32");
    if (!flags.empty()) in.refuse("flags: the specification has none yet");
}

void read_memory_policy(const In& in, std::optional<MemoryPolicy>& into) {
    auto& made = into.emplace();
    in.read("mode", made.mode);
    in.read("nodes", made.nodes);
    in.read("flags", made.flags);
    require_known(in, "mode", made.mode, memory_policy_mode);
    for (const auto& flag : made.flags) require_known(in, "flag", flag, memory_policy_flag);
    try {
        (void)parse_number_list(made.nodes);
    } catch (const Error& error) {
        in.refuse(("nodes: " + error.message()).c_str());
    }
}

void read_cache_allocation(const In& in, std::optional<CacheAllocation>& into) {
    auto& made = into.emplace();
    in.read("closID", made.group);
    in.read("l3CacheSchema", made.l3_schema);
    in.read("memBwSchema", made.bandwidth_schema);
    in.read("schemata", made.schemata);
    in.read("enableMonitoring", made.monitoring);
    if (made.group == "." || made.group == ".." || made.group.find_first_of("/\n") != std::string::npos)
        in.refuse("closID must be the name of a directory");
}

void check_propagation(const In& in, const std::string& word) {
    static constexpr std::array<std::string_view, 8> words = {"private",  "shared",  "slave",  "unbindable",
                                                              "rprivate", "rshared", "rslave", "runbindable"};
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end())
        in.refuse("rootfsPropagation is private, shared, slave or unbindable");
}

void read_isolation(const In& in, Config& config) {
    in.each("namespaces", [&](const In& one) { read_namespace(one, config.namespaces); });
    read_mappings(in, "uidMappings", config.uid_mappings);
    read_mappings(in, "gidMappings", config.gid_mappings);
    in.with("timeOffsets", [&](const In& offsets) { read_time_offsets(offsets, config.time_offsets); });
    read_string_map(in, "sysctl", config.sysctl);
    in.with("seccomp", [&](const In& seccomp) { config.seccomp = seccomp.json(); });
    in.read("rootfsPropagation", config.rootfs_propagation);
    check_propagation(in, config.rootfs_propagation);
    in.read("maskedPaths", config.masked_paths);
    in.read("readonlyPaths", config.readonly_paths);
    in.read("mountLabel", config.mount_label);
    in.with("personality", [&](const In& personality) { read_personality(personality, config.personality); });
}

void read_linux(const In& in, Config& config) {
    read_isolation(in, config);
    in.each("devices", [&](const In& device) { read_device(device, config.devices); });
    in.with("netDevices", [&](const In& devices) { read_net_devices(devices, config.net_devices); });
    in.read("cgroupsPath", config.cgroups_path);
    in.with("resources", [&](const In& resources) { config.resources = read_resources(resources); });
    in.with("memoryPolicy", [&](const In& policy) { read_memory_policy(policy, config.memory_policy); });
    in.with("intelRdt", [&](const In& rdt) { read_cache_allocation(rdt, config.cache_allocation); });
}

/// Sections for machines that this is not.
void refuse_other_platforms(const In& in) {
    for (const char* name : {"windows", "solaris", "vm", "zos", "freebsd"})
        in.with(name, [](const In& section) { section.refuse("is for another platform: this runtime is for Linux"); });
}

}  // namespace

char read_type_letter(const In& in, const char* allowed, char fallback) {
    std::string type;
    in.read("type", type);
    if (type.empty() && fallback) return fallback;
    if (type.size() != 1 || !std::strchr(allowed, type[0])) in.refuse("type is not one of those allowed");
    return type[0];
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
    refuse_other_platforms(in);
    return config;
}

}  // namespace hoist::runtime
