// SPDX-License-Identifier: Apache-2.0
#include "api/container_spec.h"

#include "base/error.h"
#include "base/text.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

using Words = std::vector<std::string>;

/// object[key] if it is an object, else an empty one: null and absent mean the same to Docker's clients.
Json section(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return Json::object();
    if (!found->is_object()) fail(Kind::invalid, "{}: must be an object", key);
    return *found;
}

/// A list of words, or one string, as Cmd and Entrypoint may be.
std::optional<Words> words(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (found->is_string()) return Words{found->get<std::string>()};
    return json_optional<Words>(object, key);
}

Words list(const Json& object, const char* key) {
    return json_value<Words>(object, key, {});
}

/// A limit that may also be "none" (below zero).
std::optional<std::int64_t> given(const Json& object, const char* key) {
    const auto value = json_optional<std::int64_t>(object, key);
    if (!value || *value == 0) return std::nullopt;
    return std::max<std::int64_t>(*value, -1);
}

std::optional<std::int64_t> positive(const Json& object, const char* key) {
    const auto value = json_optional<std::int64_t>(object, key);
    return value && *value > 0 ? value : std::nullopt;
}

void read_config(const Json& body, ContainerSpec& spec) {
    spec.image = json_value<std::string>(body, "Image", "");
    if (spec.image.empty()) fail(Kind::invalid, "no image given: set Image");
    spec.command = words(body, "Cmd");
    spec.entrypoint = words(body, "Entrypoint");
    if (spec.command && spec.command->empty()) spec.command.reset();
    if (spec.entrypoint && spec.entrypoint->empty()) spec.entrypoint.reset();
    // [""] is how the docker command says --entrypoint "".
    if (spec.entrypoint && *spec.entrypoint == Words{""}) spec.entrypoint = Words{};
    spec.environment = list(body, "Env");
    spec.labels = json_value<std::map<std::string, std::string>>(body, "Labels", {});
    spec.user = json_value<std::string>(body, "User", "");
    spec.working_dir = json_value<std::string>(body, "WorkingDir", "");
    spec.hostname = json_value<std::string>(body, "Hostname", "");
    spec.domainname = json_value<std::string>(body, "Domainname", "");
    spec.stop_signal = json_value<std::string>(body, "StopSignal", "");
    if (!spec.stop_signal.empty() && parse_signal(spec.stop_signal) == 0)
        fail(Kind::invalid, "invalid signal: {}", spec.stop_signal);
    if (const auto seconds = json_optional<std::int64_t>(body, "StopTimeout"))
        spec.stop_timeout = std::chrono::seconds(*seconds);
    spec.tty = json_value(body, "Tty", false);
    spec.open_stdin = json_value(body, "OpenStdin", false);
    spec.stdin_once = json_value(body, "StdinOnce", false);
}

void read_health(const Json& body, ContainerSpec& spec) {
    const Json check = section(body, "Healthcheck");
    if (check.empty()) return;
    HealthSpec health;
    health.test = list(check, "Test");
    if (health.test.empty()) return;
    const auto duration = [&](const char* key, Nanoseconds& field) {
        const auto value = json_value<std::int64_t>(check, key, 0);
        if (value < 0 || (value > 0 && value < 1'000'000))
            fail(Kind::invalid, "Healthcheck.{}: must be at least 1 ms", key);
        if (value > 0) field = Nanoseconds(value);
    };
    duration("Interval", health.interval);
    duration("Timeout", health.timeout);
    duration("StartPeriod", health.start_period);
    duration("StartInterval", health.start_interval);
    if (const auto retries = json_value(check, "Retries", 0); retries > 0) health.retries = retries;
    spec.health = health;
}

/// "source:target[:options]" of HostConfig.Binds.
MountSpec parse_bind(const std::string& text) {
    const auto parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 3 || parts[0].empty() || parts[1].empty() || parts[1][0] != '/')
        fail(Kind::invalid, "invalid volume specification: '{}'", text);
    MountSpec mount{.source = parts[0], .target = parts[1]};
    mount.type = parts[0][0] == '/' ? MountSpec::Type::bind : MountSpec::Type::volume;
    mount.create_host_path = true;
    if (parts.size() == 3)
        for (const auto& option : split(parts[2], ',')) {
            if (option == "ro")
                mount.read_only = true;
            else if (option == "nocopy")
                mount.no_copy = true;
            else if (option == "shared" || option == "rshared" || option == "slave" || option == "rslave" ||
                     option == "private" || option == "rprivate")
                mount.propagation = option;
            else if (option != "rw" && option != "z" && option != "Z" && !option.empty())
                fail(Kind::invalid, "invalid volume specification: '{}': unknown option '{}'", text, option);
        }
    return mount;
}

MountSpec parse_mount(const Json& object) {
    MountSpec mount;
    const auto type = json_value<std::string>(object, "Type", "");
    mount.source = json_value<std::string>(object, "Source", "");
    mount.target = json_value<std::string>(object, "Target", "");
    mount.read_only = json_value(object, "ReadOnly", false);
    if (mount.target.empty() || mount.target[0] != '/')
        fail(Kind::invalid, "invalid mount config: Target '{}' must be an absolute path", mount.target);
    if (type == "bind") {
        mount.type = MountSpec::Type::bind;
        const Json options = section(object, "BindOptions");
        mount.propagation = json_value<std::string>(options, "Propagation", "");
        mount.create_host_path = json_value(options, "CreateMountpoint", false);
    } else if (type == "volume") {
        const Json options = section(object, "VolumeOptions");
        mount.no_copy = json_value(options, "NoCopy", false);
        mount.subpath = json_value<std::string>(options, "Subpath", "");
        mount.anonymous = mount.source.empty();
    } else if (type == "tmpfs") {
        mount.type = MountSpec::Type::tmpfs;
        const Json options = section(object, "TmpfsOptions");
        if (const auto size = positive(options, "SizeBytes")) mount.tmpfs_size = Bytes{*size};
        mount.tmpfs_mode = json_optional<std::uint32_t>(options, "Mode");
    } else {
        fail(Kind::invalid, "invalid mount config: mount type '{}' is none of bind, volume, tmpfs", type);
    }
    return mount;
}

void read_mounts(const Json& body, const Json& host, ContainerSpec& spec) {
    for (const auto& bind : list(host, "Binds")) spec.mounts.push_back(parse_bind(bind));
    for (const auto& mount : json_value<std::vector<Json>>(host, "Mounts", {}))
        spec.mounts.push_back(parse_mount(mount));
    for (const auto& [target, options] : json_value<std::map<std::string, std::string>>(host, "Tmpfs", {})) {
        MountSpec mount{.target = target, .tmpfs_options = options};
        mount.type = MountSpec::Type::tmpfs;
        spec.mounts.push_back(std::move(mount));
    }
    const Json volumes = section(body, "Volumes");
    for (const auto& [target, unused] : volumes.items()) {
        const bool covered = std::any_of(spec.mounts.begin(), spec.mounts.end(),
                                         [&, &path = target](const auto& mount) { return mount.target == path; });
        if (!covered) spec.mounts.push_back({.target = target, .anonymous = true});
    }
}

std::uint16_t port_number(const std::string& text, const std::string& whole) {
    if (text.empty()) return 0;
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos && text.size() <= 5;
    const int number = digits ? std::stoi(text) : -1;
    if (number < 0 || number > 65535) fail(Kind::invalid, "invalid port specification: '{}'", whole);
    return static_cast<std::uint16_t>(number);
}

void read_ports(const Json& host, ContainerSpec& spec) {
    const Json published = section(host, "PortBindings");
    for (const auto& [key, bindings] : published.items()) {
        const auto parts = split(key, '/');
        PortSpec port;
        port.container_port = port_number(parts[0], key);
        if (port.container_port == 0) fail(Kind::invalid, "invalid port specification: '{}'", key);
        if (parts.size() > 1) port.protocol = parts[1];
        if (!bindings.is_array()) continue;
        for (const auto& binding : bindings) {
            const auto range = split(json_value<std::string>(binding, "HostPort", ""), '-');
            port.host_ip = json_value<std::string>(binding, "HostIp", "");
            port.host_port = port_number(range[0], key);
            port.host_port_end = range.size() > 1 ? port_number(range[1], key) : 0;
            spec.ports.push_back(port);
        }
    }
}

void read_security(const Json& host, ContainerSpec& spec) {
    spec.privileged = json_value(host, "Privileged", false);
    spec.read_only = json_value(host, "ReadonlyRootfs", false);
    spec.cap_add = list(host, "CapAdd");
    spec.cap_drop = list(host, "CapDrop");
    spec.security_opt = list(host, "SecurityOpt");
    spec.group_add = list(host, "GroupAdd");
    spec.sysctls = json_value<std::map<std::string, std::string>>(host, "Sysctls", {});
    for (const auto& device : json_value<std::vector<Json>>(host, "Devices", {}))
        spec.devices.push_back(json_value<std::string>(device, "PathOnHost", "") + ":" +
                               json_value<std::string>(device, "PathInContainer", "") + ":" +
                               json_value<std::string>(device, "CgroupPermissions", "rwm"));
    // What cannot be given must not be silently left out.
    for (const char* mode : {"PidMode", "IpcMode", "UTSMode", "UsernsMode"}) {
        const auto value = json_value<std::string>(host, mode, "");
        if (!value.empty() && value != "private" && value != "shareable" && value != "none")
            fail(Kind::invalid, "HostConfig.{} '{}' is not supported", mode, value);
    }
}

std::string network_mode(const Json& host) {
    const auto mode = json_value<std::string>(host, "NetworkMode", "");
    return mode.empty() || mode == "default" ? "bridge" : mode;
}

bool has_own_namespace(const std::string& mode) {
    return mode != "host" && mode != "none" && mode.rfind("container:", 0) != 0;
}

}  // namespace

AskedEndpoint asked_endpoint(const std::string& network, const Json& settings) {
    AskedEndpoint asked{network, {}};
    if (!settings.is_object()) return asked;
    asked.settings.aliases = list(settings, "Aliases");
    asked.settings.mac_address = json_value<std::string>(settings, "MacAddress", "");
    asked.settings.gw_priority = json_value(settings, "GwPriority", 0);
    asked.settings.ipv4_address = json_value<std::string>(section(settings, "IPAMConfig"), "IPv4Address", "");
    return asked;
}

ResourceSpec resources_from_docker(const Json& object) {
    ResourceSpec resources;
    resources.memory = positive(object, "Memory");
    resources.memory_reservation = positive(object, "MemoryReservation");
    resources.memory_swap = given(object, "MemorySwap");
    resources.nano_cpus = positive(object, "NanoCpus");
    resources.cpu_shares = positive(object, "CpuShares");
    resources.cpu_quota = given(object, "CpuQuota");
    resources.cpu_period = positive(object, "CpuPeriod");
    resources.pids_limit = given(object, "PidsLimit");
    resources.cpuset = json_value<std::string>(object, "CpusetCpus", "");
    if (const auto score = json_value(object, "OomScoreAdj", 0); score != 0) resources.oom_score_adj = score;
    for (const auto& limit : json_value<std::vector<Json>>(object, "Ulimits", {}))
        resources.ulimits.push_back({json_value<std::string>(limit, "Name", ""),
                                     json_value<std::int64_t>(limit, "Soft", 0),
                                     json_value<std::int64_t>(limit, "Hard", 0)});
    return resources;
}

RestartSpec restart_from_docker(const Json& object) {
    const Json policy = section(object, "RestartPolicy");
    const auto name = json_value<std::string>(policy, "Name", "");
    RestartSpec restart{.max_retries = json_value(policy, "MaximumRetryCount", 0)};
    if (name.empty() || name == "no")
        restart.name = RestartSpec::Name::no;
    else if (name == "always")
        restart.name = RestartSpec::Name::always;
    else if (name == "on-failure")
        restart.name = RestartSpec::Name::on_failure;
    else if (name == "unless-stopped")
        restart.name = RestartSpec::Name::unless_stopped;
    else
        fail(Kind::invalid, "invalid restart policy '{}': use no, always, on-failure or unless-stopped", name);
    return restart;
}

ContainerSpec container_spec_from_docker(const Json& body) {
    ContainerSpec spec;
    read_config(body, spec);
    read_health(body, spec);
    const Json host = section(body, "HostConfig");
    spec.restart = restart_from_docker(host);
    read_mounts(body, host, spec);
    read_ports(host, spec);
    spec.resources = resources_from_docker(host);
    read_security(host, spec);
    spec.auto_remove = json_value(host, "AutoRemove", false);
    if (spec.auto_remove && spec.restart.name != RestartSpec::Name::no)
        fail(Kind::invalid, "can't create 'AutoRemove' container with restart policy");
    spec.init = json_value(host, "Init", false);
    spec.terminal = console_size(host);
    spec.dns = list(host, "Dns");
    spec.dns_search = list(host, "DnsSearch");
    spec.dns_options = list(host, "DnsOptions");
    spec.extra_hosts = list(host, "ExtraHosts");
    if (const auto size = positive(host, "ShmSize")) spec.shm_size = Bytes{*size};
    const Json log = section(host, "LogConfig");
    if (const auto type = json_value<std::string>(log, "Type", ""); !type.empty()) spec.log_driver = type;
    spec.log_options = json_value<std::map<std::string, std::string>>(log, "Config", {});
    const std::string mode = network_mode(host);
    spec.network_mode = has_own_namespace(mode) ? "bridge" : mode;
    return spec;
}

TerminalSize console_size(const Json& object) {
    const auto size = json_value<std::vector<std::int64_t>>(object, "ConsoleSize", {});
    const auto fits = [](std::int64_t length) { return length > 0 && length <= 65535; };
    if (size.size() != 2 || !fits(size[0]) || !fits(size[1])) return {};
    return {static_cast<std::uint16_t>(size[0]), static_cast<std::uint16_t>(size[1])};
}

std::vector<AskedEndpoint> asked_endpoints(const Json& body) {
    const std::string mode = network_mode(section(body, "HostConfig"));
    if (!has_own_namespace(mode)) return {};
    std::vector<AskedEndpoint> asked;
    const Json endpoints = section(section(body, "NetworkingConfig"), "EndpointsConfig");
    for (const auto& [network, settings] : endpoints.items())
        asked.push_back(asked_endpoint(network == "default" ? "bridge" : network, settings));
    const bool named = std::any_of(asked.begin(), asked.end(), [&](const auto& one) { return one.network == mode; });
    if (!named && (asked.empty() || mode != "bridge")) asked.insert(asked.begin(), asked_endpoint(mode, Json::object()));
    return asked;
}

}  // namespace hoist::api
