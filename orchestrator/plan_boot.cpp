// SPDX-License-Identifier: Apache-2.0
// What the daemon starts again after a crash or a reboot.
#include "base/error.h"
#include "orchestrator/gates.h"
#include "orchestrator/plan.h"

namespace hoist::orchestrator {
namespace {

using compose::Dependency;

/// What the restart policy says of a container that was found dead. @see docker: "no" is not restarted at boot
bool policy_restarts(const ObservedContainer& container) {
    if (container.stopped_by_user || container.one_off) return false;
    if (std::holds_alternative<Restarting>(container.state)) return true;
    const auto* exited = std::get_if<Exited>(&container.state);
    if (!exited) return false;
    switch (container.restart) {
        case RestartSpec::Name::always:
        case RestartSpec::Name::unless_stopped:
            return true;
        case RestartSpec::Name::on_failure:
            return exited->last.code != 0;
        case RestartSpec::Name::no:
            return false;
    }
    return false;
}

class BootPlanner {
public:
    BootPlanner(const compose::Project& wanted, const Observed& seen) : wanted_(wanted), seen_(seen), gates_(plan_) {
        for (const auto& container : seen.containers) by_service_[container.service].push_back(&container);
    }

    Plan run() {
        const auto order = compose::dependency_order(wanted_);
        for (const auto& container : seen_.containers)
            if (policy_restarts(container)) causes_[container.name] = "was running";
        // Backwards, so that what is needed by something needed is found too.
        for (auto name = order.rbegin(); name != order.rend(); ++name) need_dependencies(*name);
        for (const auto& name : order) start(name);
        return std::move(plan_);
    }

private:
    bool any_starts(const std::string& service) const {
        const auto found = by_service_.find(service);
        if (found == by_service_.end()) return false;
        for (const auto* container : found->second)
            if (causes_.count(container->name)) return true;
        return false;
    }

    void need_dependencies(const std::string& service) {
        if (!any_starts(service)) return;
        for (const auto& [other, how] : wanted_.services.at(service).depends_on) {
            if (!how.required) continue;
            for (const auto* container : by_service_[other]) {
                const bool stays = container->stopped_by_user || container->one_off || is_running(*container) ||
                                   std::holds_alternative<Created>(container->state) ||
                                   std::holds_alternative<Removing>(container->state) ||
                                   (is_finished_job(*container) && how.condition == Dependency::Condition::completed);
                if (!stays) causes_.try_emplace(container->name, "needed by " + service);
            }
        }
    }

    void start(const std::string& service) {
        std::vector<StepId> after;
        if (any_starts(service))
            for (const auto& [other, how] : wanted_.services.at(service).depends_on)
                for (const auto* container : by_service_[other])
                    if (const auto gate = gate_of(service, how, *container)) after.push_back(*gate);
        for (const auto* container : by_service_[service])
            if (const auto cause = causes_.find(container->name); cause != causes_.end())
                started_[container->name] =
                    add_step(plan_, StartContainer{service, container->name}, cause->second, after);
    }

    /// Nobody waits for what will not run: a dependency that the user stopped must not keep its dependents down.
    std::optional<StepId> gate_of(const std::string& service, Dependency how, const ObservedContainer& container) {
        Gates::Target target{container.service, container.name, {}, &container};
        if (const auto started = started_.find(container.name); started != started_.end())
            target.start = started->second;
        if (!target.start && !is_running(container)) return std::nullopt;
        if (how.condition == Dependency::Condition::healthy && !container.has_healthcheck)
            how.condition = Dependency::Condition::started;
        return gates_.gate(service, how, target);
    }

    const compose::Project& wanted_;
    const Observed& seen_;
    Plan plan_;
    Gates gates_;
    std::map<std::string, std::vector<const ObservedContainer*>> by_service_;
    std::map<std::string, std::string> causes_;  ///< container -> why it is started
    std::map<std::string, StepId> started_;
};

}  // namespace

Plan plan_bring_back(const compose::Project& wanted, const Observed& seen) {
    return BootPlanner(wanted, seen).run();
}

compose::Project known_model(const std::string& name, const std::optional<compose::Project>& desired,
                             const Observed& seen) {
    compose::Project model = desired.value_or(compose::Project{});
    model.name = name;
    for (const auto& container : seen.containers) {
        if (container.service.empty() || model.services.count(container.service)) continue;
        auto& service = model.services[container.service];
        service.name = container.service;
        service.depends_on = container.depends_on;
    }
    try {
        compose::dependency_order(model);
    } catch (const Error&) {
        // Labels are others' to write: a circle in them must not keep the containers from being managed.
        for (auto& [key, service] : model.services) service.depends_on.clear();
    }
    return model;
}

}  // namespace hoist::orchestrator
