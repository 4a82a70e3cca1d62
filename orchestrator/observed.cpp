// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/observed.h"

#include <charconv>

#include "base/text.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {
namespace {

using compose::Dependency;

std::string label_of(const std::map<std::string, std::string>& labels, const char* key) {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string() : found->second;
}

const char* word(Dependency::Condition condition) {
    switch (condition) {
        case Dependency::Condition::healthy:
            return "service_healthy";
        case Dependency::Condition::completed:
            return "service_completed_successfully";
        case Dependency::Condition::started:
            break;
    }
    return "service_started";
}

bool has_check(const std::optional<HealthSpec>& health) {
    return health && !health->test.empty() && health->test.front() != "NONE";
}

}  // namespace

std::string depends_on_label(const std::map<std::string, Dependency>& dependencies) {
    std::vector<std::string> parts;
    for (const auto& [service, how] : dependencies)
        parts.push_back(fmt::format("{}:{}:{}", service, word(how.condition), how.restart));
    return join(parts, ",");
}

std::map<std::string, Dependency> parse_depends_on_label(const std::string& text) {
    std::map<std::string, Dependency> dependencies;
    if (text.empty()) return dependencies;
    for (const auto& part : split(text, ',')) {
        const auto fields = split(part, ':');
        if (fields.front().empty()) continue;
        Dependency& how = dependencies[fields[0]];
        for (const auto condition : {Dependency::Condition::healthy, Dependency::Condition::completed})
            if (fields.size() > 1 && fields[1] == word(condition)) how.condition = condition;
        how.restart = fields.size() > 2 && fields[2] == "true";
    }
    return dependencies;
}

ObservedContainer observed_container(const ContainerView& view) {
    const auto& labels = view.spec.labels;
    ObservedContainer seen;
    seen.id = view.id;
    seen.name = view.name;
    seen.service = label_of(labels, label::service);
    seen.config_hash = label_of(labels, label::config_hash);
    seen.image_id = view.spec.image_id;
    const std::string number = label_of(labels, label::number);
    std::from_chars(number.data(), number.data() + number.size(), seen.number);
    seen.one_off = label_of(labels, label::one_off) == "True";
    seen.state = view.state;
    // What was true before the daemon's start is no ground to start others on.
    const bool recalled = view.health.recalled && view.health.status == Health::healthy;
    seen.health = recalled ? Health::starting : view.health.status;
    seen.has_healthcheck = has_check(view.spec.health) || view.health.status != Health::none;
    for (const auto& endpoint : view.endpoints) seen.networks[endpoint.network_name] = endpoint.address;
    seen.working_dir = label_of(labels, label::working_dir);
    seen.network_mode = view.spec.network_mode;
    seen.ipc_mode = view.spec.ipc_mode, seen.pid_mode = view.spec.pid_mode, seen.uts_mode = view.spec.uts_mode;
    seen.stopped_by_user = view.stopped_by_user;
    seen.restart = view.spec.restart.name;
    seen.depends_on = parse_depends_on_label(label_of(labels, label::depends_on));
    return seen;
}

bool is_running(const ObservedContainer& container) {
    return std::holds_alternative<Running>(container.state);
}

bool is_finished_job(const ObservedContainer& container) {
    const auto* exited = std::get_if<Exited>(&container.state);
    const bool stays_down =
        container.restart == RestartSpec::Name::no || container.restart == RestartSpec::Name::on_failure;
    return exited && exited->last.code == 0 && !container.stopped_by_user && stays_down;
}

}  // namespace hoist::orchestrator
