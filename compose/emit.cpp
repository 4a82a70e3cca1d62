// SPDX-License-Identifier: Apache-2.0
// The canonical YAML of a project: long forms, sorted keys, nothing that is a default.
#include <fmt/format.h>

#include "compose/loader.h"
#include "compose/write_yaml.h"

namespace hoist::compose {
namespace {

using Out = nlohmann::ordered_json;

/// A text that interpolation gives back unchanged.
std::string literal(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
    return out;
}

void put(Out& out, const char* key, const std::string& value) {
    if (!value.empty()) out[key] = literal(value);
}
void put(Out& out, const char* key, bool value) {
    if (value) out[key] = true;
}
void put(Out& out, const char* key, const std::vector<std::string>& list) {
    for (const auto& item : list) out[key].push_back(literal(item));
}
void put(Out& out, const char* key, const std::map<std::string, std::string>& map) {
    for (const auto& [name, value] : map) out[key][name] = literal(value);
}
void put(Out& out, const char* key, const std::optional<Bytes>& value) {
    if (value) out[key] = value->count < 0 ? Out(value->count) : Out(std::to_string(value->count));
}
void put(Out& out, const char* key, const std::optional<Nanoseconds>& value) {
    if (value) out[key] = format_duration(*value);
}
template <class T>
void put(Out& out, const char* key, const std::optional<T>& value) {
    if (value) out[key] = *value;
}
void put_mode(Out& out, const char* key, const std::optional<std::uint32_t>& mode) {
    if (mode) out[key] = fmt::format("{:04o}", *mode);
}
void put_command(Out& out, const char* key, const std::optional<std::vector<std::string>>& words) {
    if (!words) return;
    out[key] = Out::array();
    put(out, key, *words);
}

Out port_out(const Port& port) {
    Out out;
    put(out, "name", port.name), put(out, "mode", port.mode), put(out, "host_ip", port.host_ip);
    out["target"] = port.target;
    if (port.published)
        out["published"] = port.published_end ? fmt::format("{}-{}", port.published, port.published_end)
                                              : std::to_string(port.published);
    put(out, "protocol", port.protocol), put(out, "app_protocol", port.app_protocol);
    return out;
}

Out mount_out(const Mount& mount) {
    Out out;
    out["type"] = mount.type == Mount::Type::bind ? "bind" : mount.type == Mount::Type::volume ? "volume" : "tmpfs";
    put(out, "source", mount.source), put(out, "target", mount.target), put(out, "read_only", mount.read_only);
    if (mount.type == Mount::Type::bind) {
        put(out["bind"], "propagation", mount.propagation);
        out["bind"]["create_host_path"] = mount.create_host_path;
    } else if (mount.type == Mount::Type::volume && (mount.no_copy || !mount.subpath.empty())) {
        put(out["volume"], "nocopy", mount.no_copy), put(out["volume"], "subpath", mount.subpath);
    } else if (mount.tmpfs_size || mount.tmpfs_mode || !mount.tmpfs_options.empty()) {
        Out& tmpfs = out["tmpfs"];
        put(tmpfs, "size", mount.tmpfs_size), put_mode(tmpfs, "mode", mount.tmpfs_mode),
            put(tmpfs, "x-options", mount.tmpfs_options);
    }
    return out;
}

Out grant_out(const Grant& grant) {
    Out out;
    put(out, "source", grant.source), put(out, "target", grant.target), put(out, "uid", grant.uid),
        put(out, "gid", grant.gid);
    put_mode(out, "mode", grant.mode);
    return out;
}

Out attachment_out(const ServiceNetwork& network) {
    Out out;
    put(out, "aliases", network.aliases), put(out, "ipv4_address", network.ipv4_address),
        put(out, "mac_address", network.mac_address);
    put(out, "interface_name", network.interface_name);
    if (network.gw_priority) out["gw_priority"] = network.gw_priority;
    return out;
}

Out dependency_out(const Dependency& dependency) {
    constexpr std::array conditions = {"service_started", "service_healthy", "service_completed_successfully"};
    return {{"condition", conditions[static_cast<std::size_t>(dependency.condition)]},
            {"restart", dependency.restart},
            {"required", dependency.required}};
}

Out healthcheck_out(const Healthcheck& check) {
    Out out = Out::object();
    put(out, "disable", check.disabled), put(out, "test", check.test), put(out, "interval", check.interval),
        put(out, "timeout", check.timeout);
    put(out, "retries", check.retries), put(out, "start_period", check.start_period),
        put(out, "start_interval", check.start_interval);
    return out;
}

/// `build` and x-*: any JSON, with texts that interpolation leaves alone.
Out literal_json(const Json& json) {
    Out out;
    if (json.is_string()) return literal(json.get<std::string>());
    if (json.is_array()) {
        out = Out::array();
        for (const auto& item : json) out.push_back(literal_json(item));
    } else if (json.is_object()) {
        out = Out::object();
        for (const auto& [key, value] : json.items()) out[key] = literal_json(value);
    } else {
        out = Out::parse(json.dump());
    }
    return out;
}

void put_limits(Out& out, const Service& s) {
    put(out, "mem_limit", s.memory), put(out, "mem_reservation", s.memory_reservation),
        put(out, "memswap_limit", s.memory_swap);
    put(out, "shm_size", s.shm_size), put(out, "cpus", s.cpus), put(out, "cpu_shares", s.cpu_shares),
        put(out, "cpu_quota", s.cpu_quota);
    put(out, "cpu_period", s.cpu_period), put(out, "pids_limit", s.pids_limit), put(out, "cpuset", s.cpuset),
        put(out, "oom_score_adj", s.oom_score_adj);
    for (const auto& [name, limit] : s.ulimits) out["ulimits"][name] = {{"soft", limit.soft}, {"hard", limit.hard}};
    put(out, "cap_add", s.cap_add), put(out, "cap_drop", s.cap_drop), put(out, "security_opt", s.security_opt),
        put(out, "group_add", s.group_add);
    put(out, "devices", s.devices), put(out, "device_cgroup_rules", s.device_cgroup_rules);
}

void put_lifecycle(Out& out, const Service& s) {
    for (const auto& [name, dependency] : s.depends_on) out["depends_on"][name] = dependency_out(dependency);
    if (s.healthcheck) out["healthcheck"] = healthcheck_out(*s.healthcheck);
    constexpr std::array policies = {"no", "always", "on-failure", "unless-stopped"};
    std::string restart = policies[static_cast<std::size_t>(s.restart.name)];
    if (s.restart.max_retries) restart += ":" + std::to_string(s.restart.max_retries);
    if (restart != "no") out["restart"] = restart;
    if (s.healthcheck) out["x-on-unhealthy"] = s.on_unhealthy == OnUnhealthy::restart ? "restart" : "none";
    if (s.scale != 1) out["scale"] = s.scale;
    put(out, "profiles", s.profiles), put(out, "pull_policy", s.pull_policy), put(out, "stop_signal", s.stop_signal);
    put(out, "stop_grace_period", s.stop_grace_period);
    put(out["logging"], "driver", s.logging.driver), put(out["logging"], "options", s.logging.options);
    if (out["logging"].empty()) out.erase("logging");
}

Out service_out(const Service& s) {
    Out out;
    put(out, "image", s.image);
    if (s.has_build) out["build"] = literal_json(s.build);
    put(out, "container_name", s.container_name), put(out, "hostname", s.hostname),
        put(out, "domainname", s.domainname);
    put_command(out, "entrypoint", s.entrypoint), put_command(out, "command", s.command);
    put(out, "user", s.user), put(out, "working_dir", s.working_dir);
    for (const auto& [name, value] : s.environment)
        out["environment"][name] = value ? Out(literal(*value)) : Out(nullptr);
    put(out, "labels", s.labels), put(out, "annotations", s.annotations), put(out, "sysctls", s.sysctls);
    put(out, "platform", s.platform), put(out, "runtime", s.runtime), put(out, "init", s.init), put(out, "tty", s.tty);
    put(out, "stdin_open", s.stdin_open), put(out, "read_only", s.read_only), put(out, "privileged", s.privileged);
    if (!s.attach) out["attach"] = false;
    for (const auto& port : s.ports) out["ports"].push_back(port_out(port));
    put(out, "expose", s.expose);
    for (const auto& mount : s.mounts) out["volumes"].push_back(mount_out(mount));
    for (const auto& grant : s.configs) out["configs"].push_back(grant_out(grant));
    for (const auto& grant : s.secrets) out["secrets"].push_back(grant_out(grant));
    for (const auto& [key, network] : s.networks) out["networks"][key] = attachment_out(network);
    put(out, "network_mode", s.network_mode), put(out, "ipc", s.ipc), put(out, "pid", s.pid), put(out, "uts", s.uts);
    put(out, "cgroup", s.cgroup), put(out, "userns_mode", s.userns_mode), put(out, "cgroup_parent", s.cgroup_parent);
    put(out, "dns", s.dns), put(out, "dns_search", s.dns_search), put(out, "dns_opt", s.dns_opt),
        put(out, "extra_hosts", s.extra_hosts);
    put_lifecycle(out, s);
    put_limits(out, s);
    for (const auto& [key, value] : s.extensions.items()) out[key] = literal_json(value);
    return out;
}

Out network_out(const Network& network) {
    Out out;
    put(out, "name", network.name), put(out, "external", network.external);
    if (network.external) return out;
    put(out, "driver", network.driver), put(out, "internal", network.internal),
        put(out, "enable_ipv6", network.enable_ipv6);
    put(out, "attachable", network.attachable), put(out, "driver_opts", network.driver_opts),
        put(out, "labels", network.labels);
    for (const auto& ipam : network.ipam) {
        Out entry;
        put(entry, "subnet", ipam.subnet), put(entry, "ip_range", ipam.ip_range), put(entry, "gateway", ipam.gateway);
        put(entry, "aux_addresses", ipam.aux_addresses);
        out["ipam"]["config"].push_back(std::move(entry));
    }
    return out;
}

Out volume_out(const Volume& volume) {
    Out out;
    put(out, "name", volume.name), put(out, "external", volume.external);
    put(out, "driver", volume.driver), put(out, "driver_opts", volume.driver_opts), put(out, "labels", volume.labels);
    return out;
}

Out file_object_out(const FileObject& object) {
    Out out;
    put(out, "name", object.name), put(out, "external", object.external), put(out, "file", object.file);
    if (!object.environment.empty())
        put(out, "environment", object.environment);
    else if (object.content)
        out["content"] = literal(*object.content);
    return out;
}

}  // namespace

std::string to_yaml(const Project& project) {
    Out out;
    out["name"] = project.name;
    for (const auto& [name, service] : project.services) out["services"][name] = service_out(service);
    for (const auto& [key, network] : project.networks) out["networks"][key] = network_out(network);
    for (const auto& [key, volume] : project.volumes) out["volumes"][key] = volume_out(volume);
    for (const auto& [key, object] : project.configs) out["configs"][key] = file_object_out(object);
    for (const auto& [key, object] : project.secrets) out["secrets"][key] = file_object_out(object);
    return write_yaml(out);
}

}  // namespace hoist::compose
