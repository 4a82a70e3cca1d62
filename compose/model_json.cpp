// SPDX-License-Identifier: Apache-2.0
// The model as JSON and back. Each type lists its members once (`members`), for both directions; what has its default
// value is left out, so that stored documents stay small and old ones can be read after a member was added.
#include <array>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "compose/model.h"

namespace hoist::compose {
namespace {

template <class Visit>
void members(Visit& v, Port*) {
    v("host_ip", &Port::host_ip), v("published", &Port::published), v("published_end", &Port::published_end);
    v("target", &Port::target), v("protocol", &Port::protocol), v("name", &Port::name);
    v("app_protocol", &Port::app_protocol), v("mode", &Port::mode);
}
template <class Visit>
void members(Visit& v, Mount*) {
    v("type", &Mount::type), v("source", &Mount::source), v("target", &Mount::target);
    v("read_only", &Mount::read_only), v("propagation", &Mount::propagation);
    v("create_host_path", &Mount::create_host_path), v("no_copy", &Mount::no_copy), v("subpath", &Mount::subpath);
    v("tmpfs_size", &Mount::tmpfs_size), v("tmpfs_mode", &Mount::tmpfs_mode);
    v("tmpfs_options", &Mount::tmpfs_options);
}
template <class Visit>
void members(Visit& v, ServiceNetwork*) {
    v("aliases", &ServiceNetwork::aliases), v("ipv4_address", &ServiceNetwork::ipv4_address);
    v("mac_address", &ServiceNetwork::mac_address), v("interface_name", &ServiceNetwork::interface_name);
    v("gw_priority", &ServiceNetwork::gw_priority);
}
template <class Visit>
void members(Visit& v, Dependency*) {
    v("condition", &Dependency::condition), v("restart", &Dependency::restart), v("required", &Dependency::required);
}
template <class Visit>
void members(Visit& v, Healthcheck*) {
    v("disabled", &Healthcheck::disabled), v("test", &Healthcheck::test), v("interval", &Healthcheck::interval);
    v("timeout", &Healthcheck::timeout), v("start_period", &Healthcheck::start_period);
    v("start_interval", &Healthcheck::start_interval), v("retries", &Healthcheck::retries);
}
template <class Visit>
void members(Visit& v, Grant*) {
    v("source", &Grant::source), v("target", &Grant::target), v("uid", &Grant::uid), v("gid", &Grant::gid);
    v("mode", &Grant::mode);
}
template <class Visit>
void members(Visit& v, RestartPolicy*) {
    v("name", &RestartPolicy::name), v("max_retries", &RestartPolicy::max_retries);
}
template <class Visit>
void members(Visit& v, Ulimit*) {
    v("soft", &Ulimit::soft), v("hard", &Ulimit::hard);
}
template <class Visit>
void members(Visit& v, Logging*) {
    v("driver", &Logging::driver), v("options", &Logging::options);
}
/// What config_hash covers.
template <class Visit>
void hashed_members(Visit& v, Service*) {
    v("name", &Service::name), v("image", &Service::image), v("command", &Service::command);
    v("entrypoint", &Service::entrypoint), v("environment", &Service::environment), v("labels", &Service::labels);
    v("annotations", &Service::annotations), v("sysctls", &Service::sysctls);
    v("container_name", &Service::container_name), v("hostname", &Service::hostname);
    v("domainname", &Service::domainname), v("user", &Service::user), v("working_dir", &Service::working_dir);
    v("stop_signal", &Service::stop_signal), v("platform", &Service::platform), v("runtime", &Service::runtime);
    v("stop_grace_period", &Service::stop_grace_period), v("init", &Service::init), v("tty", &Service::tty);
    v("stdin_open", &Service::stdin_open), v("read_only", &Service::read_only);
    v("privileged", &Service::privileged), v("attach", &Service::attach), v("ports", &Service::ports);
    v("expose", &Service::expose), v("mounts", &Service::mounts), v("configs", &Service::configs);
    v("secrets", &Service::secrets), v("networks", &Service::networks), v("network_mode", &Service::network_mode);
    v("ipc", &Service::ipc), v("pid", &Service::pid), v("uts", &Service::uts), v("cgroup", &Service::cgroup);
    v("userns_mode", &Service::userns_mode), v("cgroup_parent", &Service::cgroup_parent), v("dns", &Service::dns);
    v("dns_search", &Service::dns_search), v("dns_opt", &Service::dns_opt), v("extra_hosts", &Service::extra_hosts);
    v("healthcheck", &Service::healthcheck), v("restart", &Service::restart);
    v("on_unhealthy", &Service::on_unhealthy), v("memory", &Service::memory);
    v("memory_reservation", &Service::memory_reservation), v("memory_swap", &Service::memory_swap);
    v("shm_size", &Service::shm_size), v("cpus", &Service::cpus), v("cpu_shares", &Service::cpu_shares);
    v("cpu_quota", &Service::cpu_quota), v("cpu_period", &Service::cpu_period), v("pids_limit", &Service::pids_limit);
    v("cpuset", &Service::cpuset), v("oom_score_adj", &Service::oom_score_adj), v("ulimits", &Service::ulimits);
    v("cap_add", &Service::cap_add), v("cap_drop", &Service::cap_drop), v("security_opt", &Service::security_opt);
    v("group_add", &Service::group_add), v("devices", &Service::devices);
    v("device_cgroup_rules", &Service::device_cgroup_rules), v("logging", &Service::logging);
    v("extensions", &Service::extensions);
}
template <class Visit>
void members(Visit& v, Service* tag) {
    hashed_members(v, tag);
    v("has_build", &Service::has_build), v("build", &Service::build), v("pull_policy", &Service::pull_policy);
    v("depends_on", &Service::depends_on), v("scale", &Service::scale), v("profiles", &Service::profiles);
}
template <class Visit>
void members(Visit& v, Ipam*) {
    v("subnet", &Ipam::subnet), v("ip_range", &Ipam::ip_range), v("gateway", &Ipam::gateway);
    v("aux_addresses", &Ipam::aux_addresses);
}
template <class Visit>
void members(Visit& v, Network*) {
    v("key", &Network::key), v("name", &Network::name), v("driver", &Network::driver);
    v("external", &Network::external), v("internal", &Network::internal), v("enable_ipv6", &Network::enable_ipv6);
    v("attachable", &Network::attachable), v("driver_opts", &Network::driver_opts), v("labels", &Network::labels);
    v("ipam", &Network::ipam);
}
template <class Visit>
void members(Visit& v, Volume*) {
    v("key", &Volume::key), v("name", &Volume::name), v("driver", &Volume::driver), v("external", &Volume::external);
    v("driver_opts", &Volume::driver_opts), v("labels", &Volume::labels);
}
template <class Visit>
void members(Visit& v, FileObject*) {
    v("key", &FileObject::key), v("name", &FileObject::name), v("external", &FileObject::external);
    v("file", &FileObject::file), v("content", &FileObject::content), v("environment", &FileObject::environment);
}
template <class Visit>
void members(Visit& v, Project*) {
    v("name", &Project::name), v("working_dir", &Project::working_dir), v("config_files", &Project::config_files);
    v("environment_files", &Project::environment_files), v("services", &Project::services);
    v("networks", &Project::networks), v("volumes", &Project::volumes), v("configs", &Project::configs);
    v("secrets", &Project::secrets);
}

// The words of each enumeration, in the order of its values.
constexpr std::array<const char*, 3> names_of(Mount::Type) {
    return {"bind", "volume", "tmpfs"};
}
constexpr std::array<const char*, 3> names_of(Dependency::Condition) {
    return {"started", "healthy", "completed"};
}
constexpr std::array<const char*, 4> names_of(RestartPolicy::Name) {
    return {"no", "always", "on-failure", "unless-stopped"};
}
constexpr std::array<const char*, 2> names_of(OnUnhealthy) {
    return {"restart", "none"};
}

struct NoMember {
    template <class Key, class Member>
    void operator()(Key, Member) {}
};
template <class T>
concept Composite = requires(NoMember& v, T* tag) {
    members(v, tag);
};

// Declared before any is defined: argument-dependent look-up does not see into an unnamed namespace.
template <class T>
Json encode(const T& value);
template <class T>
Json encode(const std::vector<T>& list);
template <class T>
Json encode(const std::map<std::string, T>& map);
template <class T>
Json encode(const std::pair<std::string, T>& pair);
template <class T>
Json encode(const std::optional<T>& value) {
    return value ? encode(*value) : Json();
}
template <class T>
Json encode(const std::vector<T>& list) {
    Json array = Json::array();
    for (const auto& item : list) array.push_back(encode(item));
    return array;
}
template <class T>
Json encode(const std::map<std::string, T>& map) {
    Json object = Json::object();
    for (const auto& [key, value] : map) object[key] = encode(value);
    return object;
}
template <class T>
Json encode(const std::pair<std::string, T>& pair) {
    return Json::array({pair.first, encode(pair.second)});
}

template <class T>
struct Encoder {
    const T& value;
    const T fallback{};
    Json object = Json::object();
    template <class Member>
    void operator()(const char* key, Member T::*member) {
        if (value.*member == fallback.*member) return;
        object[key] = encode(value.*member);
    }
};

template <class T>
Json encode(const T& value) {
    if constexpr (Composite<T>) {
        Encoder<T> encoder{value};
        members(encoder, static_cast<T*>(nullptr));
        return std::move(encoder.object);
    } else if constexpr (std::is_enum_v<T>) {
        return names_of(T{})[static_cast<std::size_t>(value)];
    } else if constexpr (std::is_same_v<T, Bytes> || std::is_same_v<T, Nanoseconds>) {
        if constexpr (std::is_same_v<T, Bytes>)
            return value.count;
        else
            return value.count();
    } else {
        return Json(value);
    }
}

template <class T>
void decode(const Json& json, T& value);
template <class T>
void decode(const Json& json, std::vector<T>& list);
template <class T>
void decode(const Json& json, std::map<std::string, T>& map);
template <class T>
void decode(const Json& json, std::pair<std::string, T>& pair);
template <class T>
void decode(const Json& json, std::optional<T>& value) {
    value.reset();
    if (!json.is_null()) decode(json, value.emplace());
}
template <class T>
void decode(const Json& json, std::vector<T>& list) {
    if (!json.is_array()) fail(Kind::invalid, "expected an array");
    list.clear();
    for (const auto& item : json) decode(item, list.emplace_back());
}
template <class T>
void decode(const Json& json, std::map<std::string, T>& map) {
    if (!json.is_object()) fail(Kind::invalid, "expected an object");
    map.clear();
    for (const auto& [key, item] : json.items()) decode(item, map[key]);
}
template <class T>
void decode(const Json& json, std::pair<std::string, T>& pair) {
    if (!json.is_array() || json.size() != 2) fail(Kind::invalid, "expected a pair");
    pair.first = json[0].get<std::string>();
    decode(json[1], pair.second);
}

template <class T>
struct Decoder {
    T& value;
    const Json& object;
    template <class Member>
    void operator()(const char* key, Member T::*member) {
        const auto found = object.find(key);
        if (found == object.end()) return;
        try {
            decode(*found, value.*member);
        } catch (const Json::exception&) {
            fail(Kind::invalid, "{}: a {} is of the wrong type", key, found->type_name());
        } catch (Error& problem) {
            problem.during("{}", key);
            throw;
        }
    }
};

template <class T>
void decode(const Json& json, T& value) {
    if constexpr (Composite<T>) {
        if (!json.is_object()) fail(Kind::invalid, "expected an object");
        Decoder<T> decoder{value, json};
        members(decoder, static_cast<T*>(nullptr));
    } else if constexpr (std::is_enum_v<T>) {
        const auto text = json.get<std::string>();
        const auto names = names_of(T{});
        const auto found = std::find(names.begin(), names.end(), text);
        if (found == names.end()) fail(Kind::invalid, "\"{}\" is not one of its words", text);
        value = static_cast<T>(found - names.begin());
    } else if constexpr (std::is_same_v<T, Bytes>) {
        value.count = json.get<std::int64_t>();
    } else if constexpr (std::is_same_v<T, Nanoseconds>) {
        value = Nanoseconds(json.get<std::int64_t>());
    } else {
        value = json.get<T>();
    }
}

}  // namespace

Json to_json(const Project& project) {
    return encode(project);
}

Json hashed_json(const Service& service) {
    Encoder<Service> encoder{service};
    hashed_members(encoder, static_cast<Service*>(nullptr));
    return std::move(encoder.object);
}

Project project_from_json(const Json& document) {
    Project project;
    try {
        decode(document, project);
    } catch (Error& problem) {
        problem.during("project");
        throw;
    }
    return project;
}

}  // namespace hoist::compose
