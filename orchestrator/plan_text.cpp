// SPDX-License-Identifier: Apache-2.0
// Plans as text and JSON.
#include "base/text.h"
#include "orchestrator/plan.h"

namespace hoist::orchestrator {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

const char* word(compose::Dependency::Condition condition) {
    switch (condition) {
        case compose::Dependency::Condition::healthy:
            return "healthy";
        case compose::Dependency::Condition::completed:
            return "completed";
        case compose::Dependency::Condition::started:
            break;
    }
    return "started";
}

}  // namespace

Description describe(const Action& action) {
    return std::visit(
        Overloaded{
            [](const CreateNetwork& it) {
                return Description{"create", "network", it.key, {}, {}};
            },
            [](const RemoveNetwork& it) {
                return Description{"remove", "network", it.name, {}, {}};
            },
            [](const CreateVolume& it) {
                return Description{"create", "volume", it.key, {}, {}};
            },
            [](const RemoveVolume& it) {
                return Description{"remove", "volume", it.name, {}, {}};
            },
            [](const CreateContainer& it) {
                return Description{it.replaces ? "recreate" : "create", "container", it.name, it.service, {}};
            },
            [](const StartContainer& it) {
                return Description{"start", "container", it.name, it.service, {}};
            },
            [](const AwaitCondition& it) {
                return Description{"await", "container", it.name, it.service,
                                   std::string(word(it.condition)) + (it.required ? "" : " (optional)")};
            },
            [](const StopContainer& it) {
                return Description{"stop", "container", it.name, it.service, {}};
            },
            [](const RemoveContainer& it) {
                return Description{"remove", "container", it.name, it.service, {}};
            },
            [](const UpdateFiles& it) {
                return Description{"update", "container", it.name, it.service, {}};
            },
        },
        action);
}

bool Plan::changes() const {
    for (const auto& step : steps)
        if (!std::holds_alternative<AwaitCondition>(step.action)) return true;
    return false;
}

std::string to_string(const Plan& plan) {
    std::string text;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& step = plan.steps[i];
        const Description what = describe(step.action);
        text += fmt::format("{} {} {} {}{}{} after [{}]: {}\n", i, what.verb, what.kind, what.name,
                            what.condition.empty() ? "" : " ", what.condition, fmt::join(step.after, ","), step.cause);
    }
    return text;
}

Json to_json(const Plan& plan) {
    Json steps = Json::array();
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& step = plan.steps[i];
        const Description what = describe(step.action);
        Json object = {{"Id", i},           {"Action", what.verb}, {"Kind", what.kind},
                       {"Name", what.name}, {"Cause", step.cause}, {"After", step.after}};
        if (!what.service.empty()) object["Service"] = what.service;
        if (!what.condition.empty()) object["Condition"] = what.condition;
        steps.push_back(std::move(object));
    }
    return {{"Changes", plan.changes()}, {"Steps", std::move(steps)}};
}

}  // namespace hoist::orchestrator
