// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service_spec.h"

#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/observed.h"
#include "storage/image.h"

namespace hoist::orchestrator {
namespace {

using compose::Project;
using compose::Service;

std::map<std::string, std::string> labels_of(const Project& project, const Service& service, int number) {
    auto labels = service.labels;
    labels[label::project] = project.name;
    labels[label::service] = service.name;
    labels[label::number] = std::to_string(number);
    labels[label::one_off] = "False";
    labels[label::config_hash] = compose::config_hash(service);
    labels[label::depends_on] = depends_on_label(service.depends_on);
    labels[label::working_dir] = project.working_dir;
    labels[label::config_files] = join(project.config_files, ",");
    if (!project.environment_files.empty()) labels[label::environment_file] = join(project.environment_files, ",");
    labels[label::version] = HOIST_VERSION;
    return labels;
}

MountSpec mount_spec(const Project& project, const compose::Mount& mount) {
    MountSpec spec;
    spec.target = mount.target;
    spec.read_only = mount.read_only;
    switch (mount.type) {
        case compose::Mount::Type::bind:
            spec.type = MountSpec::Type::bind;
            spec.source = mount.source;
            spec.create_host_path = mount.create_host_path;
            spec.propagation = mount.propagation;
            break;
        case compose::Mount::Type::volume: {
            spec.type = MountSpec::Type::volume;
            spec.anonymous = mount.source.empty();
            const auto named = project.volumes.find(mount.source);
            spec.source = named == project.volumes.end() ? mount.source : volume_name(project, named->second);
            spec.no_copy = mount.no_copy;
            spec.subpath = mount.subpath;
            break;
        }
        case compose::Mount::Type::image:
            fail(Kind::invalid,
                 "mount on {}: an image cannot be mounted here; copy what is needed from it at build time",
                 mount.target);
        case compose::Mount::Type::tmpfs:
            spec.type = MountSpec::Type::tmpfs;
            spec.tmpfs_size = mount.tmpfs_size;
            spec.tmpfs_mode = mount.tmpfs_mode;
            spec.tmpfs_options = mount.tmpfs_options;
            break;
    }
    return spec;
}

std::uint32_t numeric_id(const std::string& text, const std::string& service, const compose::Grant& grant) {
    std::uint32_t id = 0;
    if (text.empty()) return 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (problem != std::errc() || end != text.data() + text.size())
        fail(Kind::invalid, "service {}: owner \"{}\" of {} is no number: uid and gid are numeric", service, text,
             grant.source);
    return id;
}

FileSpec file_spec(const Service& service, const compose::Grant& grant,
                   const std::map<std::string, compose::FileObject>& objects) {
    const auto object = objects.find(grant.source);
    // What is external has got its content from the store by now.
    if (object == objects.end() || (object->second.file.empty() && !object->second.content))
        fail(Kind::invalid, "service {}: secret or config {} has neither file nor content", service.name, grant.source);
    FileSpec spec;
    spec.source_file = object->second.file;
    spec.content = object->second.content;
    spec.target = grant.target;
    spec.uid = numeric_id(grant.uid, service.name, grant);
    spec.gid = numeric_id(grant.gid, service.name, grant);
    spec.mode = grant.mode.value_or(0444);
    return spec;
}

PortSpec port_spec(const compose::Port& port) {
    PortSpec spec;
    spec.host_ip = port.host_ip;
    spec.host_port = port.published;
    spec.host_port_end = std::max(port.published_end, port.published);
    spec.container_port = port.target;
    spec.protocol = port.protocol;
    return spec;
}

EndpointSpec endpoint_spec(const Project& project, const Service& service, int number, NetworkId id,
                           const compose::ServiceNetwork& wanted) {
    EndpointSpec spec;
    spec.network = std::move(id);
    spec.aliases = {service.name, container_name(project, service, number)};
    for (const auto& alias : wanted.aliases)
        if (std::find(spec.aliases.begin(), spec.aliases.end(), alias) == spec.aliases.end())
            spec.aliases.push_back(alias);
    spec.ipv4_address = wanted.ipv4_address;
    spec.mac_address = wanted.mac_address;
    spec.gw_priority = wanted.gw_priority;
    return spec;
}

RestartSpec restart_spec(const compose::RestartPolicy& policy) {
    using From = compose::RestartPolicy::Name;
    using To = RestartSpec::Name;
    const To name = policy.name == From::always           ? To::always
                    : policy.name == From::on_failure     ? To::on_failure
                    : policy.name == From::unless_stopped ? To::unless_stopped
                                                          : To::no;
    return {name, policy.max_retries, policy.delay, policy.window};
}

std::optional<std::int64_t> count(const std::optional<Bytes>& size) {
    return size ? std::optional(size->count) : std::nullopt;
}

ResourceSpec resource_spec(const Service& service) {
    ResourceSpec spec;
    spec.memory = count(service.memory);
    spec.memory_reservation = count(service.memory_reservation);
    spec.memory_swap = count(service.memory_swap);
    if (service.cpus) spec.nano_cpus = static_cast<std::int64_t>(*service.cpus * 1e9 + 0.5);
    spec.cpu_shares = service.cpu_shares;
    spec.cpu_quota = service.cpu_quota;
    spec.cpu_period = service.cpu_period;
    spec.pids_limit = service.pids_limit;
    spec.cpuset = service.cpuset;
    spec.oom_score_adj = service.oom_score_adj;
    spec.cpu_rt_period = service.cpu_rt_period, spec.cpu_rt_runtime = service.cpu_rt_runtime;
    spec.memory_swappiness = service.memory_swappiness, spec.blkio_weight = service.block_io.weight;
    spec.oom_kill_disable = service.oom_kill_disable;
    for (const auto& [name, limit] : service.ulimits) spec.ulimits.push_back({name, limit.soft, limit.hard});
    return spec;
}

void describe_process(ContainerSpec& spec, const Service& service) {
    spec.entrypoint = service.entrypoint;
    spec.command = service.command;
    for (const auto& [name, value] : service.environment)
        spec.environment.push_back(value ? name + "=" + *value : name);
    spec.user = service.user;
    spec.working_dir = service.working_dir;
    spec.hostname = service.hostname;
    spec.domainname = service.domainname;
    spec.stop_signal = service.stop_signal;
    if (service.stop_grace_period)
        spec.stop_timeout = std::chrono::ceil<std::chrono::seconds>(*service.stop_grace_period);
    spec.tty = service.tty;
    spec.open_stdin = service.stdin_open;
    spec.init = service.init;
    spec.read_only = service.read_only;
    spec.privileged = service.privileged;
    spec.cap_add = service.cap_add;
    spec.cap_drop = service.cap_drop;
    spec.security_opt = service.security_opt;
    spec.group_add = service.group_add;
    spec.devices = service.devices;
    spec.device_rules = service.device_cgroup_rules;
    spec.annotations = service.annotations;
    // "service:x" stays: only who executes the plan knows the container.
    spec.ipc_mode = service.ipc == "private" || service.ipc == "shareable" ? "" : service.ipc;
    spec.pid_mode = service.pid, spec.uts_mode = service.uts;
    spec.cgroup_mode = service.cgroup == "host" ? "host" : "";
    spec.sysctls = service.sysctls;
    spec.shm_size = service.shm_size;
    spec.resources = resource_spec(service);
}

void describe_network(ContainerSpec& spec, const Project& project, const Service& service, int number,
                      const std::map<std::string, NetworkId>& networks) {
    for (const auto& port : service.ports) spec.ports.push_back(port_spec(port));
    spec.dns = service.dns;
    spec.dns_search = service.dns_search;
    spec.dns_options = service.dns_opt;
    for (auto host : service.extra_hosts) {
        // The engine reads Docker's form, "name:address"; only the first '=' separates, as an IPv6 address has none.
        if (const auto at = host.find('='); at != std::string::npos) host[at] = ':';
        spec.extra_hosts.push_back(std::move(host));
    }
    if (!service.network_mode.empty()) {
        spec.network_mode = service.network_mode;
        return;
    }
    for (const auto& [key, wanted] : service.networks) {
        const auto id = networks.find(key);
        if (id == networks.end())
            fail(Kind::internal, "service {}: network {} has not been created", service.name, key);
        spec.endpoints.push_back(endpoint_spec(project, service, number, id->second, wanted));
    }
    if (spec.endpoints.empty()) spec.network_mode = "none";
}

}  // namespace

std::string container_name(const Project& project, const Service& service, int number) {
    if (!service.container_name.empty()) return service.container_name;
    return fmt::format("{}-{}-{}", project.name, service.name, number);
}

std::string image_name(const Project& project, const Service& service) {
    return service.image.empty() ? project.name + "-" + service.name : service.image;
}

std::optional<HealthSpec> health_spec(const Service& service, const std::optional<storage::ImageHealthcheck>& image) {
    if (!service.healthcheck) return std::nullopt;
    compose::Healthcheck wanted = *service.healthcheck;
    if (service.probe) wanted.test = {probe_word, compose::to_text(*service.probe)};
    const auto is_none = [](const std::vector<std::string>& test) { return !test.empty() && test[0] == "NONE"; };
    HealthSpec spec;
    if (wanted.disabled || is_none(wanted.test)) {
        spec.test = {"NONE"};
        return spec;
    }
    const bool has_image = image && !image->test.empty() && !is_none(image->test);
    if (wanted.test.empty() && !has_image) return std::nullopt;
    // One rule for every timing: the service's, else the image's, else the default.
    const auto choose = [&](auto& target, const auto& own, const auto& inherited) {
        if (own)
            target = *own;
        else if (has_image && inherited)
            target = *inherited;
    };
    const storage::ImageHealthcheck base = image.value_or(storage::ImageHealthcheck{});
    spec.test = wanted.test.empty() ? base.test : wanted.test;
    choose(spec.interval, wanted.interval, base.interval);
    choose(spec.timeout, wanted.timeout, base.timeout);
    choose(spec.start_period, wanted.start_period, base.start_period);
    choose(spec.start_interval, wanted.start_interval, base.start_interval);
    choose(spec.retries, wanted.retries, base.retries);
    return spec;
}

std::vector<FileSpec> file_specs(const Project& project, const Service& service) {
    std::vector<FileSpec> files;
    for (const auto& grant : service.configs) files.push_back(file_spec(service, grant, project.configs));
    for (const auto& grant : service.secrets) files.push_back(file_spec(service, grant, project.secrets));
    return files;
}

ContainerSpec container_spec(const Project& project, const Service& service, int number,
                             const std::map<std::string, NetworkId>& networks) {
    ContainerSpec spec;
    spec.image = image_name(project, service);
    spec.labels = labels_of(project, service, number);
    describe_process(spec, service);
    spec.health = health_spec(service, std::nullopt);
    spec.restart = restart_spec(service.restart);
    spec.restart_unhealthy = service.on_unhealthy == compose::OnUnhealthy::restart;
    for (const auto& mount : service.mounts) spec.mounts.push_back(mount_spec(project, mount));
    spec.files = file_specs(project, service);
    describe_network(spec, project, service, number, networks);
    if (!service.logging.driver.empty()) spec.log_driver = service.logging.driver;
    spec.log_options = service.logging.options;
    return spec;
}

}  // namespace hoist::orchestrator
