// SPDX-License-Identifier: Apache-2.0
// hoist config, plan
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/project_files.h"
#include "wire/project_messages.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

void print_name(const std::string& name) {
    print(escape_for_terminal(name) + "\n");
}

void print_hashes(const compose::Project& project, const std::string& which) {
    const auto wanted = split(which, ',');
    for (const auto& [name, service] : project.services)
        if (which == "*" || std::find(wanted.begin(), wanted.end(), name) != wanted.end())
            print(fmt::format("{} {}\n", escape_for_terminal(name), compose::config_hash(service)));
}

/// The lists that can be asked for. @return whether one was
bool print_lists(const compose::Project& project, const Arguments& arguments) {
    if (arguments.flag("services"))
        for (const auto& name : compose::dependency_order(project)) print_name(name);
    else if (arguments.flag("volumes"))
        for (const auto& [name, unused] : project.volumes) print_name(name);
    else if (arguments.flag("networks"))
        for (const auto& [name, unused] : project.networks) print_name(name);
    else if (arguments.flag("images"))
        for (const auto& [name, service] : project.services) print_name(service.image);
    else if (arguments.has("hash"))
        print_hashes(project, arguments.get("hash"));
    else
        return false;
    return true;
}

int config(Context& context, const Arguments& arguments) {
    const auto project = load_project(context, {.services = arguments.words});
    const auto format = arguments.get("format", "yaml");
    if (format != "yaml" && format != "json")
        throw UsageError(fmt::format("--format: '{}' is neither yaml nor json", escape_for_terminal(format)));
    if (arguments.flag("quiet") || print_lists(project, arguments)) return 0;
    if (format == "json")
        print_json(compose::to_json(project));
    else
        print(compose::to_yaml(project));
    return 0;
}

/// Exit status 0: nothing to do; 2: there is; 1: an error.
int plan(Context& context, const Arguments& arguments) {
    const auto format = arguments.get("format", "text");
    if (format != "text" && format != "json")
        throw UsageError(fmt::format("--format: '{}' is neither text nor json", escape_for_terminal(format)));
    const auto project = load_project(context, {.services = arguments.words});
    wire::ProjectRequest request;
    request.project = compose::to_json(project);
    request.services = arguments.words;
    request.no_deps = arguments.flag("no-deps");
    request.remove_orphans = arguments.flag("remove-orphans");
    if (arguments.flag("force-recreate")) request.recreate = "always";
    if (arguments.flag("no-recreate")) request.recreate = "never";
    const std::string target = fmt::format("/hoist/v1/projects/{}/plan", wire::percent_encode(project.name));
    const Json answer = context.client().call("POST", target, wire::to_json(request));
    const bool changes = json_value(answer, "changes", false);
    if (format == "json")
        print_json(answer.at("plan"));
    else
        print(changes ? escape_for_terminal(json_value<std::string>(answer, "text", "")) : "nothing to do\n");
    return changes ? 2 : 0;
}

}  // namespace

std::vector<Command> config_commands() {
    return {{.name = "config",
             .words = "[SERVICE...]",
             .summary = "check the files and show the resolved model",
             .options = {{"-q, --quiet", "", "only check"},
                         {"--format", "FORMAT", "yaml or json"},
                         {"--services", "", "only names of services, in order of dependency"},
                         {"--volumes", "", "only names of volumes"},
                         {"--networks", "", "only names of networks"},
                         {"--images", "", "only names of images"},
                         {"--hash", "SERVICES", "configuration hashes: names with commas, or *"}},
             .run = config,
             .of_stack = true},
            {.name = "plan",
             .words = "[SERVICE...]",
             .summary = "show what up would do, and why (exit status 2: something)",
             .options = {{"--format", "FORMAT", "text or json"},
                         {"--force-recreate", "", "as for up"},
                         {"--no-recreate", "", "as for up"},
                         {"--no-deps", "", "as for up"},
                         {"--remove-orphans", "", "as for up"}},
             .run = plan,
             .of_stack = true}};
}

}  // namespace hoist::cli
