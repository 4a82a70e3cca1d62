// SPDX-License-Identifier: Apache-2.0
// A service in canonical form: long forms, nothing that is a default.
#include <array>

#include "compose/emit.h"

namespace hoist::compose {
namespace {

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
    constexpr std::array types = {"bind", "volume", "tmpfs", "image"};
    out["type"] = types[static_cast<std::size_t>(mount.type)];
    put(out, "source", mount.source), put(out, "target", mount.target), put(out, "read_only", mount.read_only);
    put(out, "consistency", mount.consistency);
    if (mount.type == Mount::Type::bind) {
        Out& bind = out["bind"];
        put(bind, "propagation", mount.propagation), bind["create_host_path"] = mount.create_host_path;
        put(bind, "recursive", mount.recursive), put(bind, "selinux", mount.selinux);
    } else if (mount.type == Mount::Type::volume &&
               (mount.no_copy || !mount.subpath.empty() || !mount.labels.empty())) {
        put(out["volume"], "nocopy", mount.no_copy), put(out["volume"], "subpath", mount.subpath);
        put(out["volume"], "labels", mount.labels);
    } else if (mount.type == Mount::Type::image) {
        if (!mount.subpath.empty()) put(out["image"], "subpath", mount.subpath);
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
    put(out, "ipv6_address", network.ipv6_address), put(out, "link_local_ips", network.link_local_ips);
    put(out, "interface_name", network.interface_name), put(out, "driver_opts", network.driver_opts);
    if (network.priority) out["priority"] = network.priority;
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

void put_ulimits(Out& out, const std::map<std::string, Ulimit>& ulimits) {
    for (const auto& [name, limit] : ulimits) out["ulimits"][name] = {{"soft", limit.soft}, {"hard", limit.hard}};
}

void put_variables(Out& out, const std::map<std::string, std::optional<std::string>>& variables) {
    for (const auto& [name, value] : variables) out["environment"][name] = value ? Out(literal(*value)) : Out(nullptr);
}

Out build_out(const Build& build) {
    Out out;
    put(out, "context", build.context), put(out, "dockerfile", build.dockerfile);
    put(out, "dockerfile_inline", build.dockerfile_inline), put(out, "args", build.args),
        put(out, "target", build.target);
    put(out, "additional_contexts", build.additional_contexts), put(out, "cache_from", build.cache_from);
    put(out, "cache_to", build.cache_to), put(out, "no_cache", build.no_cache);
    put(out, "no_cache_filter", build.no_cache_filter), put(out, "pull", build.pull),
        put(out, "network", build.network);
    put(out, "platforms", build.platforms), put(out, "tags", build.tags), put(out, "labels", build.labels);
    put(out, "extra_hosts", build.extra_hosts), put(out, "shm_size", build.shm_size), put_ulimits(out, build.ulimits);
    for (const auto& grant : build.secrets) out["secrets"].push_back(grant_out(grant));
    put(out, "ssh", build.ssh), put(out, "privileged", build.privileged), put(out, "entitlements", build.entitlements);
    put(out, "isolation", build.isolation), put(out, "provenance", build.provenance), put(out, "sbom", build.sbom);
    return out;
}

Out hook_out(const Hook& hook) {
    Out out = Out::object();
    put_command(out, "command", hook.command), put(out, "image", hook.image), put(out, "user", hook.user);
    put(out, "privileged", hook.privileged), put(out, "working_dir", hook.working_dir);
    put(out, "per_replica", hook.per_replica), put_variables(out, hook.environment);
    return out;
}

void put_hooks(Out& out, const char* key, const std::vector<Hook>& hooks) {
    for (const auto& hook : hooks) out[key].push_back(hook_out(hook));
}

Out watch_out(const WatchRule& rule) {
    Out out;
    put(out, "path", rule.path), put(out, "action", rule.action), put(out, "target", rule.target);
    put(out, "ignore", rule.ignore), put(out, "include", rule.include), put(out, "initial_sync", rule.initial_sync);
    if (rule.exec) out["exec"] = hook_out(*rule.exec);
    return out;
}

/// The probe below `x-probe`; its timings are those of `healthcheck`.
Out probe_out(const Probe& probe) {
    constexpr std::array types = {"http", "tcp", "fastcgi", "mysql", "redis", "log", "file"};
    Out out = Out::object();
    if (probe.type == Probe::Type::log) {
        put(out, "pattern", probe.body);
    } else if (probe.type == Probe::Type::file) {
        put(out, "path", probe.path);
    } else {
        put(out, "host", probe.host), out["port"] = probe.port;
        put(out, "path", probe.path), put(out, "body", probe.body), put(out, "headers", probe.headers);
        if (probe.status_from != 200 || probe.status_to != 399)
            out["status"] = fmt::format("{}-{}", probe.status_from, probe.status_to);
    }
    return {{types[static_cast<std::size_t>(probe.type)], std::move(out)}};
}

Out schedule_out(const Schedule& schedule) {
    constexpr std::array overlaps = {"skip", "wait", "replace"};
    Out out = {{"cron", literal(schedule.cron)}, {"overlap", overlaps[static_cast<std::size_t>(schedule.overlap)]}};
    put(out, "timezone", schedule.timezone);
    return out;
}

Out update_out(const UpdateConfig& config) {
    Out out = {{"parallelism", config.parallelism}};
    put(out, "delay", config.delay), put(out, "failure_action", config.failure_action);
    put(out, "monitor", config.monitor), put(out, "order", config.order);
    if (config.max_failure_ratio > 0) out["max_failure_ratio"] = config.max_failure_ratio;
    return out;
}

/// What has no older key of its own; the rest of `deploy` is `scale`, `cpus`, `mem_limit`, `restart` by now.
void put_deploy(Out& out, const Service& s) {
    Out deploy = Out::object();
    put(deploy, "mode", s.deploy_mode), put(deploy, "endpoint_mode", s.endpoint_mode),
        put(deploy, "labels", s.deploy_labels);
    if (s.update_config) deploy["update_config"] = update_out(*s.update_config);
    if (s.rollback_config) deploy["rollback_config"] = update_out(*s.rollback_config);
    if (s.restart.delay || s.restart.window) {
        put(deploy["restart_policy"], "delay", s.restart.delay),
            put(deploy["restart_policy"], "window", s.restart.window);
    }
    if (s.unapplied.contains("deploy")) deploy.update(literal_json(s.unapplied.at("deploy")), true);
    if (!deploy.empty()) out["deploy"] = std::move(deploy);
}

void put_rates(Out& out, const char* key, const char* amount, const std::vector<DeviceRate>& rates) {
    for (const auto& rate : rates) out[key].push_back({{"path", literal(rate.path)}, {amount, rate.rate}});
}

void put_block_io(Out& out, const BlockIo& io) {
    if (io == BlockIo{}) return;
    Out& block = out["blkio_config"];
    put(block, "weight", io.weight), put_rates(block, "weight_device", "weight", io.weight_device);
    put_rates(block, "device_read_bps", "rate", io.read_bps),
        put_rates(block, "device_write_bps", "rate", io.write_bps);
    put_rates(block, "device_read_iops", "rate", io.read_iops);
    put_rates(block, "device_write_iops", "rate", io.write_iops);
}

void put_limits(Out& out, const Service& s) {
    put(out, "mem_limit", s.memory), put(out, "mem_reservation", s.memory_reservation),
        put(out, "memswap_limit", s.memory_swap);
    put(out, "shm_size", s.shm_size), put(out, "cpus", s.cpus), put(out, "cpu_shares", s.cpu_shares),
        put(out, "cpu_quota", s.cpu_quota);
    put(out, "cpu_period", s.cpu_period), put(out, "pids_limit", s.pids_limit), put(out, "cpuset", s.cpuset),
        put(out, "oom_score_adj", s.oom_score_adj);
    put(out, "cpu_rt_period", s.cpu_rt_period), put(out, "cpu_rt_runtime", s.cpu_rt_runtime);
    put(out, "mem_swappiness", s.memory_swappiness), put(out, "oom_kill_disable", s.oom_kill_disable);
    put_block_io(out, s.block_io), put_ulimits(out, s.ulimits), put(out, "storage_opt", s.storage_opt);
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
    put_hooks(out, "pre_start", s.pre_start), put_hooks(out, "post_start", s.post_start);
    put_hooks(out, "pre_stop", s.pre_stop);
    for (const auto& rule : s.watch) out["develop"]["watch"].push_back(watch_out(rule));
    put_deploy(out, s);
    if (s.probe) out["x-probe"] = probe_out(*s.probe);
    if (s.schedule) out["x-schedule"] = schedule_out(*s.schedule);
    if (s.on_change) out["x-on-change"] = on_change_out(*s.on_change);
    if (s.healthcheck) out["x-on-unhealthy"] = s.on_unhealthy == OnUnhealthy::restart ? "restart" : "none";
    if (s.scale != 1) out["scale"] = s.scale;
    put(out, "profiles", s.profiles), put(out, "pull_policy", s.pull_policy),
        put(out, "pull_refresh_after", s.pull_refresh_after), put(out, "stop_signal", s.stop_signal);
    put(out, "stop_grace_period", s.stop_grace_period);
    put(out["logging"], "driver", s.logging.driver), put(out["logging"], "options", s.logging.options);
    if (out["logging"].empty()) out.erase("logging");
}

}  // namespace

Out service_out(const Service& s) {
    Out out;
    put(out, "image", s.image);
    if (s.build) out["build"] = build_out(*s.build);
    put(out, "container_name", s.container_name), put(out, "hostname", s.hostname),
        put(out, "domainname", s.domainname);
    put_command(out, "entrypoint", s.entrypoint), put_command(out, "command", s.command);
    put(out, "user", s.user), put(out, "working_dir", s.working_dir);
    put_variables(out, s.environment);
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
        put(out, "extra_hosts", s.extra_hosts), put(out, "external_links", s.external_links);
    put_lifecycle(out, s);
    put_limits(out, s);
    for (const auto& [key, value] : s.unapplied.items())
        if (key != "deploy") out[key] = literal_json(value);
    for (const auto& [key, value] : s.extensions.items()) out[key] = literal_json(value);
    return out;
}

Out on_change_out(const OnChange& reaction) {
    switch (reaction.how) {
        case OnChange::How::signal:
            return {{"signal", literal(reaction.signal)}};
        case OnChange::How::exec: {
            Out out;
            put(out, "exec", reaction.command);
            return out;
        }
        case OnChange::How::none:
            return "none";
        case OnChange::How::recreate:
            break;
    }
    return "recreate";
}

}  // namespace hoist::compose
