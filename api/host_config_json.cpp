// SPDX-License-Identifier: Apache-2.0
#include "api/container_json.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

const char* restart_name(RestartSpec::Name name) {
    switch (name) {
        case RestartSpec::Name::no:
            return "no";
        case RestartSpec::Name::always:
            return "always";
        case RestartSpec::Name::on_failure:
            return "on-failure";
        case RestartSpec::Name::unless_stopped:
            return "unless-stopped";
    }
    return "no";
}

Json binds(const ContainerSpec& spec) {
    Json list = Json::array();
    for (const auto& mount : spec.mounts)
        if (mount.type != MountSpec::Type::tmpfs && !mount.anonymous)
            list.push_back(mount.source + ":" + mount.target + (mount.read_only ? ":ro" : ":rw"));
    return list;
}

Json port_bindings(const ContainerSpec& spec) {
    Json bindings = Json::object();
    for (const auto& port : spec.ports) {
        std::string host = port.host_port ? std::to_string(port.host_port) : "";
        if (port.host_port_end > port.host_port) host += "-" + std::to_string(port.host_port_end);
        bindings[fmt::format("{}/{}", port.container_port, port.protocol)].push_back(
            {{"HostIp", port.host_ip}, {"HostPort", host}});
    }
    return bindings;
}

void add_resources(Json& config, const ResourceSpec& resources) {
    config["Memory"] = resources.memory.value_or(0);
    config["MemoryReservation"] = resources.memory_reservation.value_or(0);
    config["MemorySwap"] = resources.memory_swap.value_or(0);
    config["NanoCpus"] = resources.nano_cpus.value_or(0);
    config["CpuShares"] = resources.cpu_shares.value_or(0);
    config["CpuQuota"] = resources.cpu_quota.value_or(0);
    config["CpuPeriod"] = resources.cpu_period.value_or(0);
    config["CpusetCpus"] = resources.cpuset;
    config["PidsLimit"] = resources.pids_limit ? Json(*resources.pids_limit) : Json();
    config["OomScoreAdj"] = resources.oom_score_adj.value_or(0);
    config["Ulimits"] = Json::array();
    for (const auto& limit : resources.ulimits)
        config["Ulimits"].push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
}

}  // namespace

Json host_config_json(const ContainerSpec& spec) {
    Json config = {
        {"Binds", binds(spec)},
        {"NetworkMode", spec.network_mode},
        {"PortBindings", port_bindings(spec)},
        {"RestartPolicy", {{"Name", restart_name(spec.restart.name)}, {"MaximumRetryCount", spec.restart.max_retries}}},
        {"LogConfig", {{"Type", spec.log_driver}, {"Config", spec.log_options}}},
        {"AutoRemove", spec.auto_remove},
        {"Privileged", spec.privileged},
        {"ReadonlyRootfs", spec.read_only},
        {"Init", spec.init},
        {"ConsoleSize", {spec.terminal.rows, spec.terminal.columns}},
        {"CapAdd", spec.cap_add},
        {"CapDrop", spec.cap_drop},
        {"SecurityOpt", spec.security_opt},
        {"GroupAdd", spec.group_add},
        {"Dns", spec.dns},
        {"DnsSearch", spec.dns_search},
        {"DnsOptions", spec.dns_options},
        {"ExtraHosts", spec.extra_hosts},
        {"Sysctls", spec.sysctls},
        {"ShmSize", spec.shm_size ? spec.shm_size->count : 64 << 20},
        {"CgroupnsMode", "private"},
        {"IpcMode", "private"},
        {"PidMode", ""},
        {"Runtime", "hoist-runtime"},
    };
    add_resources(config, spec.resources);
    return config;
}

}  // namespace hoist::api
