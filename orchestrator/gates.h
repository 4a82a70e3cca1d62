#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a start waits for: the conditions of depends_on as steps, one per container and condition however many wait.

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "orchestrator/plan.h"
#include "orchestrator/up_decisions.h"

namespace hoist::orchestrator {

/// Appends a step; `after` is sorted and freed of duplicates.
StepId add_step(Plan& plan, Action action, std::string cause, std::vector<StepId> after);

class Gates {
public:
    /// A container that somebody waits for.
    struct Target {
        std::string service, name;
        std::optional<StepId> start;                  ///< the step that starts it in this plan
        const ObservedContainer* existing = nullptr;  ///< as it is before the plan
    };

    explicit Gates(Plan& plan) : plan_(plan) {}

    /// The step after which `dependent` may start, as far as this container goes; nullopt: nothing to wait for.
    std::optional<StepId> gate(const std::string& dependent, const compose::Dependency& how, const Target& target);
    /// Makes the whole plan wait for a container (`up --wait`).
    void wait(compose::Dependency::Condition condition, const Target& target);
    void no_healthcheck(const std::string& dependent, const std::string& dependency);
    /// @throws Error(invalid) naming the conditions that can never be met
    void throw_if_any(const std::string& project) const { problems_.throw_if_any(project); }

private:
    StepId await(compose::Dependency::Condition condition, bool required, const Target& target,
                 const std::string& cause);

    Plan& plan_;
    Problems problems_;
    std::map<std::tuple<std::string, compose::Dependency::Condition, bool>, StepId> awaits_;
};

}  // namespace hoist::orchestrator
