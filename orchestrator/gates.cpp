// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/gates.h"

#include <algorithm>

namespace hoist::orchestrator {
namespace {

using Condition = compose::Dependency::Condition;

/// Whether the condition holds already and nothing in the plan will disturb it.
bool is_met(Condition condition, const Gates::Target& target) {
    if (target.start || !target.existing) return false;
    switch (condition) {
        case Condition::started:
            return is_running(*target.existing);
        case Condition::healthy:
            return is_running(*target.existing) && target.existing->health == Health::healthy;
        case Condition::completed:
            return is_finished_job(*target.existing);
    }
    return false;
}

}  // namespace

StepId add_step(Plan& plan, Action action, std::string cause, std::vector<StepId> after) {
    std::sort(after.begin(), after.end());
    after.erase(std::unique(after.begin(), after.end()), after.end());
    plan.steps.push_back({std::move(action), std::move(cause), std::move(after)});
    return plan.steps.size() - 1;
}

std::optional<StepId> Gates::gate(const std::string& dependent, const compose::Dependency& how, const Target& target) {
    // A start step ends when the process runs, so "started" needs no wait of its own, unless failing is allowed.
    if (how.condition == Condition::started && how.required) return target.start;
    if (is_met(how.condition, target)) return std::nullopt;
    if (how.condition == Condition::started && !target.start) return std::nullopt;
    return await(how.condition, how.required, target, dependent + " depends on it");
}

void Gates::wait(Condition condition, const Target& target) {
    if (is_met(condition, target) || (target.existing && !target.start && is_finished_job(*target.existing))) return;
    await(condition, true, target, "--wait");
}

StepId Gates::await(Condition condition, bool required, const Target& target, const std::string& cause) {
    const auto [known, is_new] = awaits_.try_emplace({target.name, condition, required}, 0);
    if (!is_new) {
        auto& present = plan_.steps[known->second].cause;
        if (present.find(cause) == std::string::npos) present += ", " + cause;
        return known->second;
    }
    std::vector<StepId> after;
    if (target.start) after.push_back(*target.start);
    return known->second =
               add_step(plan_, AwaitCondition{target.service, target.name, condition, required}, cause, after);
}

void Gates::no_healthcheck(const std::string& dependent, const std::string& dependency) {
    problems_.invalid(
        fmt::format("service {} waits for {} to be healthy, but neither {} nor its image has a "
                    "healthcheck: add one, or use condition service_started",
                    dependent, dependency, dependency));
}

}  // namespace hoist::orchestrator
