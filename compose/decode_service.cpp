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

/// "every_12h", "every_1w2d".
bool is_every(const std::string& policy) {
    constexpr std::string_view prefix = "every_";
    if (!policy.starts_with(prefix) || policy.size() == prefix.size()) return false;
    return parse_duration(std::string_view(policy).substr(prefix.size())).has_value();
}

void decode_pull_policy(ServiceDecoder& d, const std::string& key, const Node& node) {
    std::string policy;
    d.values.read(key, node, policy);
    static const std::vector<std::string> known = {"always", "never",   "missing", "if_not_present",
                                                   "build",  "refresh", "daily",   "weekly"};
    if (node.is_null() || !node.is_scalar()) return;
    if (std::find(known.begin(), known.end(), policy) == known.end() && !is_every(policy))
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

void decode_on_change(ServiceDecoder& d, const std::string&, const Node& node) {
    read_on_change(d.values, d.project, node, d.service.on_change);
}

void decode_swappiness(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.service.memory_swappiness);
    const int value = d.service.memory_swappiness.value_or(0);
    if (value < -1 || value > 100)
        d.values.error("C05", node.where, fmt::format("`{}`: {} is not in 0-100", key, value));
}

void decode_oom_score(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.service.oom_score_adj);
    const int value = d.service.oom_score_adj.value_or(0);
    if (value < -1000 || value > 1000)
        d.values.error("C05", node.where, fmt::format("`{}`: {} is not in -1000 to 1000", key, value));
}

void decode_storage_options(ServiceDecoder& d, const std::string& key, const Node& node) {
    d.values.read(key, node, d.service.storage_opt);
}

void decode_provider(ServiceDecoder& d, const std::string& key, const Node& node) {
    std::string type;
    const auto anything = [](const Node&) {};
    read_fields(d.values, d.project, key, node,
                {{"type", [&](const Node& n) { d.values.read("provider.type", n, type); }}, {"options", anything}});
    d.values.error("C12", node.where, "services run by a provider program are not available here");
}

/// Keys handled around the table.
void elsewhere(ServiceDecoder&, const std::string&, const Node&) {}

const std::vector<ServiceKey> keys = {
    {"annotations", assign<&Service::annotations>},
    {"attach", assign<&Service::attach>},
    {"blkio_config", decode_block_io},
    {"build", decode_build},
    {"cap_add", assign<&Service::cap_add>},
    {"cap_drop", assign<&Service::cap_drop>},
    {"cgroup", decode_namespace},
    {"cgroup_parent", assign<&Service::cgroup_parent>, idle},
    {"command", assign_command<&Service::command>},
    {"configs", decode_grants},
    {"container_name", decode_container_name},
    {"cpu_count", decode_idle},
    {"cpu_percent", decode_idle},
    {"cpu_period", assign<&Service::cpu_period>},
    {"cpu_quota", assign<&Service::cpu_quota>},
    {"cpu_rt_period", decode_realtime},
    {"cpu_rt_runtime", decode_realtime},
    {"cpu_shares", assign<&Service::cpu_shares>},
    {"cpus", assign<&Service::cpus>},
    {"cpuset", assign<&Service::cpuset>},
    {"credential_spec", decode_idle},
    {"depends_on", decode_depends_on},
    {"deploy", elsewhere},
    {"develop", decode_develop},
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
    {"external_links", assign<&Service::external_links>, idle},
    {"extra_hosts", decode_extra_hosts},
    {"gpus", decode_idle},
    {"group_add", assign<&Service::group_add>},
    {"healthcheck", decode_healthcheck},
    {"hostname", assign<&Service::hostname>},
    {"image", assign<&Service::image>},
    {"init", assign<&Service::init>},
    {"ipc", decode_namespace},
    {"isolation", decode_idle},
    {"label_file", decode_env_file},
    {"labels", decode_labels},
    {"links", decode_links},
    {"logging", decode_logging},
    {"mac_address", decode_mac},
    {"mem_limit", assign<&Service::memory>},
    {"mem_reservation", assign<&Service::memory_reservation>},
    {"mem_swappiness", decode_swappiness},
    {"memswap_limit", decode_memory_swap},
    {"models", decode_idle},
    {"network_mode", decode_namespace},
    {"networks", decode_networks},
    {"oom_kill_disable", assign<&Service::oom_kill_disable>},
    {"oom_score_adj", decode_oom_score},
    {"pid", decode_namespace},
    {"pids_limit", assign<&Service::pids_limit>},
    {"platform", assign<&Service::platform>},
    {"ports", decode_ports},
    {"post_start", decode_hooks},
    {"pre_start", decode_hooks},
    {"pre_stop", decode_hooks},
    {"privileged", assign<&Service::privileged>},
    {"profiles", assign<&Service::profiles>},
    {"provider", decode_provider},
    {"pull_policy", decode_pull_policy},
    {"pull_refresh_after", assign<&Service::pull_refresh_after>, idle},
    {"read_only", assign<&Service::read_only>},
    {"restart", decode_restart},
    {"runtime", assign<&Service::runtime>, idle},
    {"scale", decode_scale},
    {"secrets", decode_grants},
    {"security_opt", decode_security_opt},
    {"shm_size", assign<&Service::shm_size>},
    {"stdin_open", assign<&Service::stdin_open>},
    {"stop_grace_period", assign<&Service::stop_grace_period>},
    {"stop_signal", decode_signal},
    {"storage_opt", decode_storage_options, idle},
    {"sysctls", assign<&Service::sysctls>},
    {"tmpfs", decode_tmpfs},
    {"tty", assign<&Service::tty>},
    {"ulimits", decode_ulimits},
    {"use_api_socket", decode_idle},
    {"user", assign<&Service::user>},
    {"userns_mode", assign<&Service::userns_mode>, idle},
    {"uts", decode_namespace},
    {"volumes", decode_volumes},
    {"volumes_from", decode_volumes_from},
    {"working_dir", assign<&Service::working_dir>},
    {"x-on-change", decode_on_change},
    {"x-on-unhealthy", decode_on_unhealthy},
    {"x-probe", elsewhere},
    {"x-schedule", decode_schedule},
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

const ServiceKey* key_named(std::string_view name) {
    static const auto map = [] {
        std::unordered_map<std::string_view, const ServiceKey*> all;
        for (const auto& key : keys) all.emplace(key.name, &key);
        return all;
    }();
    const auto found = map.find(name);
    return found == map.end() ? nullptr : found->second;
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
                 std::initializer_list<Field> fields) {
    if (!values.is_map(what, map)) return;
    for (const auto& entry : map.entries) {
        const auto field =
            std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == entry.key; });
        if (field != fields.end()) {
            field->read(entry.value);
            if (field->idle)
                project.no_effect.emplace_back(what.empty() ? entry.key : what + "." + entry.key, entry.key_where);
        } else if (!entry.key.starts_with("x-")) {
            std::vector<std::string> known;
            for (const auto& f : fields) known.emplace_back(f.name);
            unknown_key(values, what, entry, known);
        }
    }
}

void ServiceDecoder::set_aside(const std::string& key, const Origin& where, const Node& node) {
    project.no_effect.emplace_back(key, where);
    service.unapplied[key] = Values::json_of(node);
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
        if (const ServiceKey* known = key_named(part.key)) {
            if (part.key != "depends_on") known->handler(decoder, part.key, part.value);
            if (known->idle) project.no_effect.emplace_back(part.key, part.key_where);
        } else if (part.key.starts_with("x-")) {
            draft.service.extensions[part.key] = Values::json_of(part.value);
        } else {
            unknown_key(values, "", part, key_names(), synonyms);
        }
    }
    if (const Node* node = entry.value.find("deploy")) decode_deploy(decoder, *node);
    if (const Node* node = entry.value.find("x-probe")) decode_probe(decoder, "x-probe", *node);
    decide_on_unhealthy(decoder, entry.value);
}

}  // namespace hoist::compose
