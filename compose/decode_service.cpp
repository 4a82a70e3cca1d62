// SPDX-License-Identifier: Apache-2.0
// The table of service keys, and what is decoded by plain assignment.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "compose/draft.h"

namespace hoist::compose {
namespace {

template <auto member>
void assign(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.service.*member);
}

template <auto member>
void assign_command(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read_command(key, node, d.service.*member);
}

void decode_labels(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.draft.labels);
}
void decode_mac(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.draft.mac_address);
}

void decode_memory_swap(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.text == "-1")
        d.service.memory_swap = Bytes{-1};
    else
        d.values.read(key, node, d.service.memory_swap);
}

void decode_signal(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.service.stop_signal);
    if (!node.is_null() && parse_signal(d.service.stop_signal) == 0)
        d.values.error("C05", node.where, fmt::format("`{}`: \"{}\" is not a signal", key, d.service.stop_signal),
                       "write its name: SIGTERM");
}

void decode_dns(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.service.dns);
}

void decode_container_name(ServiceDecoder& d, const std::string& key, const Node& node) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    std::string name;
    d.values.read(key, node, name);
    if (node.is_null() || !node.is_scalar()) return;
    if (name.size() < 2 || !std::isalnum(static_cast<unsigned char>(name[0])) ||
        name.find_first_not_of(allowed) != std::string::npos)
        d.values.error("C05", node.where, fmt::format("`{}`: \"{}\" is not a container name", key, name),
                       "begin with a letter or digit, then letters, digits, _ . -");
    d.service.container_name = name;
}

void decode_pull_policy(ServiceDecoder& d, const std::string& key, const Node& node) {
    std::string policy;
    d.values.read(key, node, policy);
    static const std::vector<std::string> known = {"always", "never",   "missing", "if_not_present",
                                                   "build",  "refresh", "daily",   "weekly"};
    if (node.is_null() || !node.is_scalar()) return;
    if (std::find(known.begin(), known.end(), policy) == known.end() && !policy.starts_with("every_"))
        d.values.error("C05", node.where, fmt::format("`{}`: \"{}\" is unknown", key, policy), suggest(policy, known));
    d.service.pull_policy = policy == "if_not_present" ? "missing" : policy;
}

void decode_scale(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.service.scale);
    if (d.service.scale >= 0) return;
    d.values.error("C05", node.where, fmt::format("`{}` cannot be negative", key));
    d.service.scale = 1;
}

void decode_on_unhealthy(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.text == "restart" || node.text == "none") return;  // applied when healthcheck and restart are known
    d.values.error("C05", node.where, fmt::format("`{}` is restart or none, not {}", key, describe(node)));
}

void decode_provider(ServiceDecoder& d, const std::string&, const Node& node) {
    d.values.error("C12", node.where, "services run by a provider program are not available here");
}

/// Keys handled around the table.
void elsewhere(ServiceDecoder&, const std::string&, const Node&) {}

const std::vector<ServiceKey> keys = {
    {"annotations", assign<&Service::annotations>},
    {"attach", assign<&Service::attach>},
    {"blkio_config", nullptr},
    {"build", decode_build},
    {"cap_add", assign<&Service::cap_add>},
    {"cap_drop", assign<&Service::cap_drop>},
    {"cgroup", assign<&Service::cgroup>},
    {"cgroup_parent", assign<&Service::cgroup_parent>},
    {"command", assign_command<&Service::command>},
    {"configs", decode_grants},
    {"container_name", decode_container_name},
    {"cpu_count", nullptr},
    {"cpu_percent", nullptr},
    {"cpu_period", assign<&Service::cpu_period>},
    {"cpu_quota", assign<&Service::cpu_quota>},
    {"cpu_rt_period", nullptr},
    {"cpu_rt_runtime", nullptr},
    {"cpu_shares", assign<&Service::cpu_shares>},
    {"cpus", assign<&Service::cpus>},
    {"cpuset", assign<&Service::cpuset>},
    {"credential_spec", nullptr},
    {"depends_on", decode_depends_on},
    {"deploy", elsewhere},
    {"develop", nullptr},
    {"device_cgroup_rules", assign<&Service::device_cgroup_rules>},
    {"devices", decode_devices},
    {"dns", decode_dns},
    {"dns_opt", assign<&Service::dns_opt>},
    {"dns_search", assign<&Service::dns_search>},
    {"domainname", assign<&Service::domainname>},
    {"entrypoint", assign_command<&Service::entrypoint>},
    {"env_file", decode_env_file},
    {"environment", decode_environment},
    {"expose", decode_expose},
    {"extends", elsewhere},
    {"external_links", nullptr},
    {"extra_hosts", decode_extra_hosts},
    {"gpus", nullptr},
    {"group_add", assign<&Service::group_add>},
    {"healthcheck", decode_healthcheck},
    {"hostname", assign<&Service::hostname>},
    {"image", assign<&Service::image>},
    {"init", assign<&Service::init>},
    {"ipc", decode_namespace},
    {"isolation", nullptr},
    {"label_file", decode_env_file},
    {"labels", decode_labels},
    {"links", decode_links},
    {"logging", decode_logging},
    {"mac_address", decode_mac},
    {"mem_limit", assign<&Service::memory>},
    {"mem_reservation", assign<&Service::memory_reservation>},
    {"mem_swappiness", nullptr},
    {"memswap_limit", decode_memory_swap},
    {"models", nullptr},
    {"network_mode", decode_namespace},
    {"networks", decode_networks},
    {"oom_kill_disable", nullptr},
    {"oom_score_adj", assign<&Service::oom_score_adj>},
    {"pid", decode_namespace},
    {"pids_limit", assign<&Service::pids_limit>},
    {"platform", assign<&Service::platform>},
    {"ports", decode_ports},
    {"post_start", nullptr},
    {"pre_start", nullptr},
    {"pre_stop", nullptr},
    {"privileged", assign<&Service::privileged>},
    {"profiles", assign<&Service::profiles>},
    {"provider", decode_provider},
    {"pull_policy", decode_pull_policy},
    {"pull_refresh_after", nullptr},
    {"read_only", assign<&Service::read_only>},
    {"restart", decode_restart},
    {"runtime", assign<&Service::runtime>},
    {"scale", decode_scale},
    {"secrets", decode_grants},
    {"security_opt", decode_security_opt},
    {"shm_size", assign<&Service::shm_size>},
    {"stdin_open", assign<&Service::stdin_open>},
    {"stop_grace_period", assign<&Service::stop_grace_period>},
    {"stop_signal", decode_signal},
    {"storage_opt", nullptr},
    {"sysctls", assign<&Service::sysctls>},
    {"tmpfs", decode_tmpfs},
    {"tty", assign<&Service::tty>},
    {"ulimits", decode_ulimits},
    {"use_api_socket", nullptr},
    {"user", assign<&Service::user>},
    {"userns_mode", assign<&Service::userns_mode>},
    {"uts", decode_namespace},
    {"volumes", decode_volumes},
    {"volumes_from", decode_volumes_from},
    {"working_dir", assign<&Service::working_dir>},
    {"x-on-unhealthy", decode_on_unhealthy},
};

/// What people write for a key, where the edit distance does not lead to it.
const std::map<std::string, std::string> synonyms = {{"volume", "volumes"},
                                                     {"port", "ports"},
                                                     {"env", "environment"},
                                                     {"envs", "environment"},
                                                     {"environments", "environment"},
                                                     {"envfile", "env_file"},
                                                     {"depend_on", "depends_on"},
                                                     {"dependson", "depends_on"},
                                                     {"depends", "depends_on"},
                                                     {"healtcheck", "healthcheck"},
                                                     {"health", "healthcheck"},
                                                     {"health_check", "healthcheck"},
                                                     {"container-name", "container_name"},
                                                     {"cmd", "command"},
                                                     {"net", "network_mode"},
                                                     {"network", "networks"},
                                                     {"mem", "mem_limit"},
                                                     {"memory", "mem_limit"},
                                                     {"memory_limit", "mem_limit"},
                                                     {"cpu", "cpus"},
                                                     {"workdir", "working_dir"},
                                                     {"working_directory", "working_dir"},
                                                     {"log_driver", "logging.driver"},
                                                     {"log_opt", "logging.options"},
                                                     {"volume_driver", "volumes.<name>.driver (top level)"},
                                                     {"dockerfile", "build.dockerfile"},
                                                     {"context", "build.context"},
                                                     {"replicas", "deploy.replicas"},
                                                     {"resources", "deploy.resources"},
                                                     {"secret", "secrets"},
                                                     {"config", "configs"},
                                                     {"restart_policy", "restart"},
                                                     {"log", "logging"},
                                                     {"host", "hostname"},
                                                     {"caps", "cap_add"},
                                                     {"args", "build.args"}};

const std::unordered_map<std::string_view, ServiceHandler>& handlers() {
    static const auto map = [] {
        std::unordered_map<std::string_view, ServiceHandler> all;
        for (const auto& key : keys) all.emplace(key.name, key.handler);
        return all;
    }();
    return map;
}

std::vector<std::string> key_names() {
    std::vector<std::string> names;
    for (const auto& key : keys) names.emplace_back(key.name);
    return names;
}

/// Unhealthy containers are restarted where the file asks both for checking and for restarting.
void decide_on_unhealthy(ServiceDecoder& d, const Node& node) {
    const bool checked = d.service.healthcheck && !d.service.healthcheck->disabled;
    const bool restarts = d.service.restart.name != RestartPolicy::Name::no;
    d.service.on_unhealthy = checked && restarts ? OnUnhealthy::restart : OnUnhealthy::none;
    if (const Node* wanted = node.find("x-on-unhealthy"))
        d.service.on_unhealthy = wanted->text == "restart" ? OnUnhealthy::restart : OnUnhealthy::none;
}

}  // namespace

const std::vector<ServiceKey>& service_keys() {
    return keys;
}

void unknown_key(Values& values, const std::string& what, const Entry& entry, const std::vector<std::string>& known,
                 const std::map<std::string, std::string>& words) {
    const auto synonym = words.find(entry.key);
    std::string help =
        synonym != words.end() ? fmt::format("write \"{}\"", synonym->second) : suggest(entry.key, known);
    values.error("C03", entry.key_where,
                 fmt::format("unknown key \"{}\"{}{}", entry.key, what.empty() ? "" : " in ", what), std::move(help));
}

void read_fields(Values& values, ProjectDraft& project, const std::string& what, const Node& map,
                 const std::vector<Field>& fields) {
    if (!values.is_map(what, map)) return;
    for (const auto& entry : map.entries) {
        const auto field =
            std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == entry.key; });
        if (field != fields.end()) {
            if (field->read)
                field->read(entry.value);
            else
                project.no_effect.emplace_back(what + "." + entry.key, entry.key_where);
        } else if (!entry.key.starts_with("x-")) {
            std::vector<std::string> known;
            for (const auto& f : fields) known.push_back(f.name);
            unknown_key(values, what, entry, known);
        }
    }
}

void add_edge(ServiceDecoder& d, const std::string& service, const char* kind, const Origin& where, bool restart) {
    d.draft.places.try_emplace("depends_on." + service, where);
    d.draft.edges.try_emplace(service, kind);
    d.service.depends_on.try_emplace(service, Dependency{.restart = restart});
}

void decode_service(Context& context, ProjectDraft& project, const Entry& entry) {
    Values values(context, fmt::format("service \"{}\"", entry.key));
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (entry.key.empty() || entry.key.find_first_not_of(allowed) != std::string::npos)
        values.error("C05", entry.key_where, "a service's name holds only letters, digits, _ . and -");
    if (!entry.value.is_map()) {
        values.error("C04", entry.value.is_null() ? entry.key_where : entry.value.where,
                     fmt::format("a service is a map with `image` or `build`, not {}", describe(entry.value)),
                     "check the indentation of the lines below it");
        return;
    }
    Draft& draft = project.services[entry.key];
    draft.where = entry.key_where;
    draft.service.name = entry.key;
    ServiceDecoder decoder{values, draft, draft.service, project};
    // First what is explicit, so that an implied dependency does not hide it.
    if (const Node* node = entry.value.find("depends_on")) decode_depends_on(decoder, "depends_on", *node);
    for (const auto& part : entry.value.entries) {
        draft.places[part.key] = part.key_where;
        const auto found = handlers().find(part.key);
        if (found != handlers().end() && found->second) {
            if (part.key != "depends_on") found->second(decoder, part.key, part.value);
        } else if (found != handlers().end()) {
            project.no_effect.emplace_back(part.key, part.key_where);
        } else if (part.key.starts_with("x-")) {
            draft.service.extensions[part.key] = Values::json_of(part.value);
        } else {
            unknown_key(values, "", part, key_names(), synonyms);
        }
    }
    if (const Node* node = entry.value.find("deploy")) decode_deploy(decoder, *node);
    decide_on_unhealthy(decoder, entry.value);
}

}  // namespace hoist::compose
