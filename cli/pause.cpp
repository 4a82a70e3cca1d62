// SPDX-License-Identifier: Apache-2.0
// hoist pause, unpause
#include "base/error.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/targets.h"

namespace hoist::cli {
namespace {

/// The containers that the words mean; of a project's those in the state that the verb changes.
std::vector<std::string> names_of(Context& context, const std::vector<std::string>& words, const std::string& state) {
    const auto targets = find_targets(context, words);
    std::vector<std::string> names = targets.containers;
    if (!targets.project) return names;
    for (const auto& container : list_containers(context, targets.project, false)) {
        const auto& services = targets.services;
        const bool asked =
            services.empty() || std::find(services.begin(), services.end(), container.service) != services.end();
        if (asked && json_value<std::string>(container.entry, "State", "") == state) names.push_back(container.name);
    }
    return names;
}

int change(Context& context, const Arguments& arguments, const std::string& verb, const std::string& from) {
    return for_each_name(names_of(context, arguments.words, from), [&](const std::string& name) {
        context.client().call("POST", container_path(name, verb));
        return name;
    });
}

int pause(Context& context, const Arguments& arguments) {
    return change(context, arguments, "pause", "running");
}
int unpause(Context& context, const Arguments& arguments) {
    return change(context, arguments, "unpause", "paused");
}

}  // namespace

std::vector<Command> pause_commands() {
    return {{.name = "pause",
             .words = "[SERVICE|CONTAINER...]",
             .summary = "freeze all processes",
             .run = pause,
             .of_stack = true},
            {.name = "unpause",
             .words = "[SERVICE|CONTAINER...]",
             .summary = "let them go on",
             .run = unpause,
             .of_stack = true}};
}

}  // namespace hoist::cli
