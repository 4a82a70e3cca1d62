// SPDX-License-Identifier: Apache-2.0
// hoist update
#include "cli/command.h"
#include "cli/each.h"
#include "cli/resource_options.h"
#include "cli/targets.h"

namespace hoist::cli {
namespace {

int update(Context& context, const Arguments& arguments) {
    Json body = Json::object();
    add_resources(arguments, body);
    if (arguments.has("restart")) body["RestartPolicy"] = restart_policy(arguments.get("restart"));
    if (body.empty()) throw UsageError("update: name a limit to change, such as --memory 512m");
    const auto targets = find_targets(context, arguments.words);
    std::vector<std::string> names = targets.containers;
    if (targets.project)
        for (const auto& container : list_containers(context, targets.project, true))
            if (std::find(targets.services.begin(), targets.services.end(), container.service) !=
                targets.services.end())
                names.push_back(container.name);
    return for_each_name(names, [&](const std::string& name) {
        context.client().call("POST", container_path(name, "update"), body);
        return name;
    });
}

}  // namespace

std::vector<Command> update_commands() {
    Options options = resource_options();
    options.push_back({"--restart", "POLICY", "no, always, on-failure[:N], unless-stopped"});
    return {{.name = "update",
             .words = "SERVICE|CONTAINER...",
             .summary = "change limits and restart policy, of what runs, too",
             .options = std::move(options),
             .least_words = 1,
             .run = update}};
}

}  // namespace hoist::cli
