// SPDX-License-Identifier: Apache-2.0
// ContainerSpec as JSON. Each type lists its fields once; a Writer or a Reader walks over the list.
#include <type_traits>

#include "base/error.h"
#include "orchestrator/container.h"

namespace hoist::orchestrator {
namespace {

// The field lists. `Spec` is const when it is written.
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const MountSpec*) {
    walk("type", it.type), walk("source", it.source), walk("target", it.target), walk("read_only", it.read_only);
    walk("create_host_path", it.create_host_path), walk("no_copy", it.no_copy), walk("anonymous", it.anonymous);
    walk("propagation", it.propagation), walk("subpath", it.subpath), walk("tmpfs_options", it.tmpfs_options);
    walk("tmpfs_size", it.tmpfs_size), walk("tmpfs_mode", it.tmpfs_mode);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const FileSpec*) {
    walk("source_file", it.source_file), walk("content", it.content), walk("target", it.target);
    walk("uid", it.uid), walk("gid", it.gid), walk("mode", it.mode);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const PortSpec*) {
    walk("host_ip", it.host_ip), walk("host_port", it.host_port), walk("host_port_end", it.host_port_end);
    walk("container_port", it.container_port), walk("protocol", it.protocol);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const EndpointSpec*) {
    walk("network", it.network), walk("aliases", it.aliases), walk("ipv4_address", it.ipv4_address);
    walk("mac_address", it.mac_address), walk("gw_priority", it.gw_priority);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const HealthSpec*) {
    walk("test", it.test), walk("interval", it.interval), walk("timeout", it.timeout);
    walk("start_period", it.start_period), walk("start_interval", it.start_interval), walk("retries", it.retries);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const RestartSpec*) {
    walk("name", it.name), walk("max_retries", it.max_retries), walk("delay", it.delay), walk("window", it.window);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const TerminalSize*) {
    walk("rows", it.rows), walk("columns", it.columns);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const UlimitSpec*) {
    walk("name", it.name), walk("soft", it.soft), walk("hard", it.hard);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const ResourceSpec*) {
    walk("memory", it.memory), walk("memory_reservation", it.memory_reservation);
    walk("memory_swap", it.memory_swap), walk("nano_cpus", it.nano_cpus), walk("cpu_shares", it.cpu_shares);
    walk("cpu_quota", it.cpu_quota), walk("cpu_period", it.cpu_period), walk("pids_limit", it.pids_limit);
    walk("cpuset", it.cpuset), walk("oom_score_adj", it.oom_score_adj), walk("ulimits", it.ulimits);
    walk("cpu_rt_period", it.cpu_rt_period), walk("cpu_rt_runtime", it.cpu_rt_runtime);
    walk("memory_swappiness", it.memory_swappiness), walk("blkio_weight", it.blkio_weight);
    walk("oom_kill_disable", it.oom_kill_disable);
}
template <class Walk, class Spec>
void fields(Walk& walk, Spec& it, const ContainerSpec*) {
    walk("image", it.image), walk("image_id", it.image_id), walk("entrypoint", it.entrypoint);
    walk("command", it.command), walk("environment", it.environment), walk("labels", it.labels);
    walk("user", it.user), walk("working_dir", it.working_dir), walk("hostname", it.hostname);
    walk("domainname", it.domainname), walk("stop_signal", it.stop_signal), walk("stop_timeout", it.stop_timeout);
    walk("tty", it.tty), walk("open_stdin", it.open_stdin), walk("stdin_once", it.stdin_once);
    walk("init", it.init), walk("read_only", it.read_only), walk("privileged", it.privileged);
    walk("auto_remove", it.auto_remove), walk("terminal", it.terminal), walk("health", it.health);
    walk("restart", it.restart);
    walk("restart_unhealthy", it.restart_unhealthy), walk("mounts", it.mounts), walk("files", it.files);
    walk("ports", it.ports), walk("network_mode", it.network_mode), walk("endpoints", it.endpoints);
    walk("dns", it.dns), walk("dns_search", it.dns_search), walk("dns_options", it.dns_options);
    walk("extra_hosts", it.extra_hosts), walk("resources", it.resources), walk("cap_add", it.cap_add);
    walk("cap_drop", it.cap_drop), walk("security_opt", it.security_opt), walk("group_add", it.group_add);
    walk("devices", it.devices), walk("device_rules", it.device_rules), walk("annotations", it.annotations);
    walk("ipc_mode", it.ipc_mode), walk("pid_mode", it.pid_mode), walk("uts_mode", it.uts_mode);
    walk("cgroup_mode", it.cgroup_mode), walk("sysctls", it.sysctls), walk("shm_size", it.shm_size);
    walk("log_driver", it.log_driver), walk("log_options", it.log_options);
    walk("of_build", it.of_build);
}

template <class T>
Json encode(const T& value);

struct Writer {
    Json object = Json::object();
    template <class T>
    void operator()(const char* key, const T& value) {
        object[key] = encode(value);
    }
    template <class T>
    void operator()(const char* key, const std::optional<T>& value) {
        if (value) object[key] = encode(*value);
    }
};

template <class T>
Json encode_list(const std::vector<T>& list) {
    Json array = Json::array();
    for (const auto& item : list) array.push_back(encode(item));
    return array;
}

template <class T>
Json encode(const T& value) {
    if constexpr (std::is_enum_v<T>)
        return static_cast<int>(value);
    else if constexpr (std::is_same_v<T, Bytes>)
        return value.count;
    else if constexpr (std::is_same_v<T, Nanoseconds> || std::is_same_v<T, std::chrono::seconds>)
        return value.count();
    else if constexpr (std::is_same_v<T, NetworkId>)
        return value.str();
    else if constexpr (requires { encode_list(value); })
        return encode_list(value);
    else if constexpr (std::is_constructible_v<Json, T>)
        return Json(value);
    else {
        Writer writer;
        fields(writer, value, &value);
        return std::move(writer.object);
    }
}

template <class T>
void decode(const Json& from, T& value);
template <class T>
void decode(const Json& from, std::optional<T>& value);
template <class T>
void decode(const Json& from, std::vector<T>& list);

struct Reader {
    const Json& object;
    template <class T>
    void operator()(const char* key, T& value) {
        const auto it = object.find(key);
        if (it == object.end() || it->is_null()) return;
        try {
            decode(*it, value);
        } catch (const Json::exception& problem) {
            fail_json_type(key, problem.what());
        }
    }
};

template <class T>
void decode(const Json& from, std::optional<T>& value) {
    decode(from, value.emplace());
}
template <class T>
void decode(const Json& from, std::vector<T>& list) {
    list.clear();
    for (const auto& item : from) decode(item, list.emplace_back());
}

template <class T>
void decode(const Json& from, T& value) {
    if constexpr (std::is_enum_v<T>)
        value = static_cast<T>(from.get<int>());
    else if constexpr (std::is_same_v<T, Bytes>)
        value.count = from.get<std::int64_t>();
    else if constexpr (std::is_same_v<T, Nanoseconds> || std::is_same_v<T, std::chrono::seconds>)
        value = T(from.get<std::int64_t>());
    else if constexpr (std::is_same_v<T, NetworkId>)
        value = NetworkId(from.get<std::string>());
    else if constexpr (requires { from.get_to(value); })
        from.get_to(value);
    else {
        if (!from.is_object()) throw Error(Kind::invalid, "a JSON object was expected");
        Reader reader{from};
        fields(reader, value, &value);
    }
}

}  // namespace

Json to_json(const ContainerSpec& spec) {
    return encode(spec);
}

ContainerSpec container_spec_from_json(const Json& object) {
    ContainerSpec spec;
    decode(object, spec);
    return spec;
}

const char* status_word(const State& state) {
    constexpr const char* words[] = {"created", "running", "restarting", "exited", "removing"};
    if (const auto* running = std::get_if<Running>(&state); running && running->paused) return "paused";
    return words[state.index()];
}

const char* to_string(Health health) {
    constexpr const char* words[] = {"none", "starting", "healthy", "unhealthy"};
    return words[static_cast<int>(health)];
}

}  // namespace hoist::orchestrator
