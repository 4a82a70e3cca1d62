// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/oci_spec.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "orchestrator/oci_mounts.h"

namespace hoist::orchestrator {
namespace {

std::uint64_t capability_mask(const std::string& name) {
    if (starts_with_ignoring_case(name, "all") && name.size() == 3) return runtime::all_capabilities();
    const auto number = runtime::capability_number(name);
    if (!number) fail(Kind::invalid, "capability '{}' does not exist", name);
    return std::uint64_t{1} << *number;
}

std::string variable_name(const std::string& assignment) {
    return assignment.substr(0, assignment.find('='));
}

std::vector<runtime::Rlimit> rlimits(const std::vector<UlimitSpec>& ulimits) {
    std::vector<runtime::Rlimit> list;
    for (const auto& limit : ulimits) {
        std::string type = "RLIMIT_";
        for (const char letter : limit.name)
            type += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        list.push_back({type, static_cast<std::uint64_t>(limit.soft), static_cast<std::uint64_t>(limit.hard)});
    }
    return list;
}

void use_of_host(runtime::Config& config, runtime::NamespaceType type) {
    std::erase_if(config.namespaces, [&](const auto& ns) { return ns.type == type; });
}

/// The host's namespace, another container's, or (by default) one of its own.
void set_namespace(runtime::Config& config, const std::string& mode, runtime::NamespaceType type, const char* file,
                   const StartFacts& facts) {
    if (mode == "host") use_of_host(config, type);
    const auto other = facts.shared_with.find(file);
    if (!mode.starts_with("container:") || other == facts.shared_with.end()) return;
    for (auto& ns : config.namespaces)
        if (ns.type == type) ns.path = fmt::format("/proc/{}/ns/{}", other->second, file);
}

/// POSIX shared memory is a mount: the host's with the host's ipc namespace, none with none. Another container's cannot
/// be reached from outside of its mount namespace; its /dev/shm stays its own.
void share_memory(runtime::Config& config, const ContainerSpec& spec) {
    const auto is_shared_memory = [](const auto& mount) { return mount.destination == "/dev/shm"; };
    if (spec.ipc_mode == "none") std::erase_if(config.mounts, is_shared_memory);
    if (spec.ipc_mode != "host") return;
    const auto mount = std::find_if(config.mounts.begin(), config.mounts.end(), is_shared_memory);
    if (mount == config.mounts.end()) return;
    mount->type = "bind", mount->options = {"bind", "nosuid", "nodev", "noexec"};
    mount->source = "/dev/shm";
}

void set_namespaces(runtime::Config& config, const ContainerSpec& spec, const StartFacts& facts) {
    using Type = runtime::NamespaceType;
    if (spec.network_mode == "host") use_of_host(config, Type::network);
    if (spec.cgroup_mode == "host") use_of_host(config, Type::cgroup);
    set_namespace(config, spec.ipc_mode, Type::ipc, "ipc", facts);
    set_namespace(config, spec.pid_mode, Type::pid, "pid", facts);
    set_namespace(config, spec.uts_mode, Type::uts, "uts", facts);
    share_memory(config, spec);
    if (spec.uts_mode.empty()) return;
    config.hostname.clear(), config.domainname.clear();  // not ours to change
}

/// No masks, all devices, writable sysfs and cgroups.
void open_up(runtime::Config& config) {
    config.masked_paths.clear();
    config.readonly_paths.clear();
    config.resources.devices = {{.allow = true}};
    for (auto& mount : config.mounts) {
        const bool kernel_tree = mount.type == "sysfs" || mount.type == "cgroup" || mount.type == "cgroup2";
        if (kernel_tree) std::replace(mount.options.begin(), mount.options.end(), std::string("ro"), std::string("rw"));
    }
}

}  // namespace

void set_variable(std::vector<std::string>& environment, const std::string& assignment) {
    const auto name = variable_name(assignment);
    const auto same = [&](const std::string& other) { return variable_name(other) == name; };
    if (assignment.find('=') == std::string::npos) {
        std::erase_if(environment, same);
        return;
    }
    const auto it = std::find_if(environment.begin(), environment.end(), same);
    if (it != environment.end())
        *it = assignment;
    else
        environment.push_back(assignment);
}

runtime::Config oci_config(const ContainerSpec& spec, const storage::ImageConfig& image, const StartFacts& facts) {
    auto config = runtime::default_config();
    config.process = oci_process(spec, image, facts.id);
    config.root_readonly = spec.read_only;
    config.hostname = effective_hostname(spec, facts.id);
    config.domainname = spec.domainname;
    config.cgroups_path = facts.cgroup_parent + "/" + facts.id.str();
    config.sysctl = spec.sysctls;
    config.annotations = spec.annotations;
    set_namespaces(config, spec, facts);
    auto rules = config.resources.devices;
    config.resources = oci_resources(spec.resources);
    config.resources.devices = std::move(rules);
    config.resources.devices.insert(config.resources.devices.end(), facts.device_rules.begin(),
                                    facts.device_rules.end());
    for (const auto& rule : spec.device_rules) config.resources.devices.push_back(parse_device_rule(rule));
    config.devices.insert(config.devices.end(), facts.devices.begin(), facts.devices.end());
    if (parse_security(spec).unconfined_paths) config.masked_paths.clear(), config.readonly_paths.clear();
    if (spec.privileged) open_up(config);
    add_mounts(config, spec, facts);
    return config;
}

runtime::Process oci_process(const ContainerSpec& spec, const storage::ImageConfig& image, const ContainerId& id) {
    static const auto defaults = runtime::default_config().process;
    auto base = defaults;
    base.terminal = spec.tty;
    base.console_rows = spec.terminal.rows;
    base.console_columns = spec.terminal.columns;
    base.user.name = !spec.user.empty() ? spec.user : image.user;
    base.user.group_names = spec.group_add;
    base.args = effective_argv(spec, image);
    base.env = effective_environment(spec, image, effective_hostname(spec, id));
    base.cwd = !spec.working_dir.empty() ? spec.working_dir : !image.working_dir.empty() ? image.working_dir : "/";
    const auto capabilities = effective_capabilities(spec);
    base.capabilities = runtime::Capabilities{
        .bounding = capabilities, .effective = capabilities, .inheritable = 0, .permitted = capabilities, .ambient = 0};
    base.rlimits = rlimits(spec.resources.ulimits);
    base.no_new_privileges = parse_security(spec).no_new_privileges;
    base.oom_score_adj = spec.resources.oom_score_adj;
    return base;
}

std::vector<std::string> effective_argv(const ContainerSpec& spec, const storage::ImageConfig& image) {
    auto argv = spec.entrypoint ? *spec.entrypoint : image.entrypoint;
    if (argv.size() == 1 && argv.front().empty()) argv.clear();  // --entrypoint ""
    const bool own_entrypoint = spec.entrypoint && !spec.entrypoint->empty();
    static const std::vector<std::string> none;
    const auto& command = spec.command ? *spec.command : own_entrypoint ? none : image.cmd;
    argv.insert(argv.end(), command.begin(), command.end());
    if (argv.empty())
        fail(Kind::invalid, "no command: neither the container nor image {} says what to run", spec.image);
    return argv;
}

std::vector<std::string> effective_environment(const ContainerSpec& spec, const storage::ImageConfig& image,
                                               const std::string& hostname) {
    std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                         "HOSTNAME=" + hostname};
    if (spec.tty) environment.push_back("TERM=xterm");
    for (const auto& assignment : image.env) set_variable(environment, assignment);
    for (const auto& assignment : spec.environment) set_variable(environment, assignment);
    for (const auto& assignment : spec.unrecorded_environment) set_variable(environment, assignment);
    return environment;
}

HealthSpec effective_health(const ContainerSpec& spec, const storage::ImageConfig& image) {
    HealthSpec health = spec.health.value_or(HealthSpec{});
    if (!image.healthcheck || !health.test.empty()) return health;
    // The spec may change timings of the image's test only.
    const auto& from = *image.healthcheck;
    health.test = from.test;
    if (spec.health) return health;
    health.interval = from.interval.value_or(health.interval);
    health.timeout = from.timeout.value_or(health.timeout);
    health.start_period = from.start_period.value_or(health.start_period);
    health.start_interval = from.start_interval.value_or(health.start_interval);
    health.retries = from.retries.value_or(health.retries);
    return health;
}

int effective_stop_signal(const ContainerSpec& spec, const storage::ImageConfig& image) {
    const auto& text = !spec.stop_signal.empty() ? spec.stop_signal : image.stop_signal;
    const int number = parse_signal(text.empty() ? "TERM" : text);
    if (number == 0) fail(Kind::invalid, "stop signal '{}' does not exist", text);
    return number;
}

std::string effective_hostname(const ContainerSpec& spec, const ContainerId& id) {
    return !spec.hostname.empty() ? spec.hostname : id.shortened();
}

std::uint64_t effective_capabilities(const ContainerSpec& spec) {
    if (spec.privileged) return runtime::all_capabilities();
    std::uint64_t dropped = 0, added = 0;
    for (const auto& name : spec.cap_drop) dropped |= capability_mask(name);
    for (const auto& name : spec.cap_add) added |= capability_mask(name);
    // "drop ALL, add some" and "add ALL, drop some" both mean what they say.
    const bool drops_all = (dropped & runtime::default_capabilities()) == runtime::default_capabilities();
    if (drops_all) return added;
    return (runtime::default_capabilities() | added) & ~dropped;
}

SecurityOptions parse_security(const ContainerSpec& spec) {
    SecurityOptions options;
    for (const auto& text : spec.security_opt) {
        const auto end = text.find_first_of("=:");
        const auto key = text.substr(0, end);
        const auto value = end == std::string::npos ? "" : text.substr(end + 1);
        if (key == "no-new-privileges" && (value.empty() || value == "true"))
            options.no_new_privileges = true;
        else if (key == "no-new-privileges" && value == "false")
            options.no_new_privileges = false;
        else if (key == "seccomp" && value == "unconfined")
            options.unconfined_seccomp = true;
        else if (key == "seccomp" && !value.empty() && value.front() == '{')
            options.seccomp_profile = value;
        else if (key == "seccomp" && value == "builtin")
            options.seccomp_profile.clear();
        else if (key == "systempaths" && value == "unconfined")
            options.unconfined_paths = true;
        else if (key == "apparmor" && value == "unconfined")
            continue;
        else if (key == "label" && value == "disable")
            continue;
        else
            fail(Kind::invalid, "security option '{}' cannot be applied here", text.substr(0, 80));
    }
    if (spec.privileged) options.unconfined_seccomp = true;
    return options;
}

runtime::DeviceRule parse_device_rule(const std::string& text) {
    const auto words = split(text, ' ');
    const auto colon = words.size() == 3 ? words[1].find(':') : std::string::npos;
    const auto number = [&](const std::string& word) -> std::int64_t {
        std::int64_t value = -1;
        if (word == "*") return value;
        const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
        return problem == std::errc() && end == word.data() + word.size() && value >= 0 ? value : -2;
    };
    if (colon != std::string::npos && words[0].size() == 1 &&
        std::string_view("abc").find(words[0][0]) != std::string_view::npos && !words[2].empty() &&
        words[2].find_first_not_of("rwm") == std::string::npos) {
        const runtime::DeviceRule rule{true, words[0][0], number(words[1].substr(0, colon)),
                                       number(words[1].substr(colon + 1)), words[2]};
        if (rule.major != -2 && rule.minor != -2) return rule;
    }
    fail(Kind::invalid, "device rule '{}' is not TYPE MAJOR:MINOR ACCESS, as in 'c 1:3 mr'", text);
}

runtime::Resources oci_resources(const ResourceSpec& spec) {
    runtime::Resources resources;
    resources.memory_limit = spec.memory;
    resources.memory_reservation = spec.memory_reservation;
    resources.memory_swap = spec.memory_swap;
    // As Docker: as much swap again as memory, unless it was named.
    if (spec.memory && *spec.memory > 0 && !spec.memory_swap) resources.memory_swap = *spec.memory * 2;
    if (spec.cpu_shares) resources.cpu_shares = static_cast<std::uint64_t>(*spec.cpu_shares);
    if (spec.cpu_period) resources.cpu_period = static_cast<std::uint64_t>(*spec.cpu_period);
    resources.cpu_quota = spec.cpu_quota;
    if (spec.nano_cpus) {
        resources.cpu_period = 100'000;
        resources.cpu_quota = *spec.nano_cpus / 10'000;  // of a period of 100 ms, in microseconds
    }
    if (spec.cpu_rt_period) resources.cpu_realtime_period = static_cast<std::uint64_t>(*spec.cpu_rt_period);
    resources.cpu_realtime_runtime = spec.cpu_rt_runtime;
    if (spec.memory_swappiness && *spec.memory_swappiness >= 0)
        resources.memory_swappiness = static_cast<std::uint64_t>(*spec.memory_swappiness);
    if (spec.blkio_weight && *spec.blkio_weight > 0)
        resources.blkio_weight = static_cast<std::uint16_t>(*spec.blkio_weight);
    if (spec.oom_kill_disable) resources.disable_oom_killer = true;
    resources.cpuset_cpus = spec.cpuset;
    resources.pids_limit = spec.pids_limit;
    return resources;
}

}  // namespace hoist::orchestrator
