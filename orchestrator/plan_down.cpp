// SPDX-License-Identifier: Apache-2.0
// down, stop and start: what exists, against or along its dependencies.
#include <algorithm>

#include "base/error.h"
#include "orchestrator/gates.h"
#include "orchestrator/plan.h"

namespace hoist::orchestrator {
namespace {

using compose::Dependency;
using compose::Project;

using Dependencies = std::map<std::string, std::map<std::string, Dependency>>;  ///< service -> what it depends on
using Chosen = std::vector<const ObservedContainer*>;

/// The model's edges; the containers' own labels for services that the model does not know.
Dependencies dependencies_of(const Project* wanted, const Observed& seen) {
    Dependencies edges;
    if (wanted)
        for (const auto& [name, service] : wanted->services) edges[name] = service.depends_on;
    for (const auto& container : seen.containers)
        if (!wanted || !wanted->services.count(container.service))
            for (const auto& edge : container.depends_on) edges[container.service].insert(edge);
    return edges;
}

bool needs_stop(const ObservedContainer& container) {
    return is_running(container) || std::holds_alternative<Restarting>(container.state);
}

/// Appends stops, dependents first. Labels may be wrong: a circle in them ends in no particular order, but ends.
class Stopper {
public:
    Stopper(Plan& plan, const Dependencies& edges, const Chosen& chosen, std::string cause)
        : plan_(plan), edges_(edges), chosen_(chosen), cause_(std::move(cause)) {}

    std::map<std::string, std::vector<StepId>> run() {
        for (const auto* container : chosen_) stop_service(container->service);
        return std::move(stops_);
    }

private:
    void stop_service(const std::string& service) {
        if (!visited_.insert(service).second) return;
        std::vector<StepId> after;
        for (const auto& [dependent, dependencies] : edges_) {
            if (!dependencies.count(service)) continue;
            stop_service(dependent);
            const auto& earlier = last_stops_[dependent];
            after.insert(after.end(), earlier.begin(), earlier.end());
        }
        auto& last = last_stops_[service];
        for (const auto* container : chosen_) {
            if (container->service != service || !needs_stop(*container)) continue;
            last.push_back(add_step(plan_, StopContainer{service, container->name, container->id}, cause_, after));
            stops_[container->name].push_back(last.back());
        }
        if (last.empty()) last = after;  // nothing to stop here, but the order holds across it
    }

    Plan& plan_;
    const Dependencies& edges_;
    const Chosen& chosen_;
    std::string cause_;
    std::set<std::string> visited_;
    std::map<std::string, std::vector<StepId>> last_stops_, stops_;
};

bool belongs(const std::map<std::string, std::string>& labels, const std::string& project) {
    const auto found = labels.find(label::project);
    return found != labels.end() && found->second == project;
}

Chosen choose_for_down(const std::optional<Project>& wanted, const Observed& seen, const DownOptions& how) {
    Chosen chosen;
    for (const auto& container : seen.containers) {
        const bool named = std::count(how.services.begin(), how.services.end(), container.service) != 0;
        const bool orphan = wanted && !wanted->services.count(container.service);
        const bool ours = !wanted || container.working_dir == wanted->working_dir;
        if (!how.services.empty() ? named : (!orphan || (how.remove_orphans && ours))) chosen.push_back(&container);
    }
    return chosen;
}

void remove_objects(Plan& plan, const std::string& project, const Observed& seen, const DownOptions& how,
                    const std::vector<StepId>& removed) {
    for (const auto& network : seen.networks)
        if (belongs(network.spec.labels, project)) add_step(plan, RemoveNetwork{network.spec.name}, "down", removed);
    if (!how.volumes) return;
    for (const auto& volume : seen.volumes)
        if (belongs(volume.spec.labels, project))
            add_step(plan, RemoveVolume{volume.spec.name}, "down with volumes", removed);
}

}  // namespace

Plan plan_down(const std::string& project, const std::optional<Project>& wanted, const Observed& seen,
               const DownOptions& how) {
    Plan plan;
    const Chosen chosen = choose_for_down(wanted, seen, how);
    auto stops = Stopper(plan, dependencies_of(wanted ? &*wanted : nullptr, seen), chosen, "down").run();
    std::vector<StepId> removed;
    for (const auto* container : chosen)
        removed.push_back(add_step(plan, RemoveContainer{container->service, container->name, container->id}, "down",
                                   stops[container->name]));
    if (how.services.empty()) remove_objects(plan, project, seen, how, removed);
    return plan;
}

Plan plan_stop(const Project& wanted, const Observed& seen, const std::vector<std::string>& services) {
    Plan plan;
    const auto selected = select_services(wanted, services, false);
    Chosen chosen;
    for (const auto& container : seen.containers)
        if (selected.count(container.service) && !container.one_off) chosen.push_back(&container);
    Stopper(plan, dependencies_of(&wanted, seen), chosen, "stop").run();
    return plan;
}

Plan plan_start(const Project& wanted, const Observed& seen, const std::vector<std::string>& services) {
    Plan plan;
    Gates gates(plan);
    const auto selected = select_services(wanted, services, true);
    std::map<std::string, std::vector<Gates::Target>> targets;
    for (const auto& name : compose::dependency_order(wanted)) {
        if (!selected.count(name)) continue;
        const auto& service = wanted.services.at(name);
        std::vector<StepId> gated;
        Chosen to_start;
        for (const auto& container : seen.containers) {
            const bool going = std::holds_alternative<Removing>(container.state);
            if (container.service != name || container.one_off || going) continue;
            targets[name].push_back({name, container.name, {}, &container});
            if (!is_running(container) && !(is_finished_job(container) && is_job(wanted, name)))
                to_start.push_back(&container);
        }
        if (targets[name].empty() && std::count(services.begin(), services.end(), name))
            fail(Kind::not_found, "service {} has no container to start: `hoist up {}` makes one", name, name);
        if (to_start.empty()) continue;
        for (const auto& [other, how] : service.depends_on)
            for (const auto& target : targets[other])
                if (how.condition != Dependency::Condition::healthy || target.existing->has_healthcheck)
                    if (const auto gate = gates.gate(name, how, target)) gated.push_back(*gate);
        for (auto& target : targets[name])
            if (std::count(to_start.begin(), to_start.end(), target.existing))
                target.start = add_step(plan, StartContainer{name, target.name}, "not running", gated);
    }
    return plan;
}

}  // namespace hoist::orchestrator
