// SPDX-License-Identifier: Apache-2.0
// hoist top
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/targets.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

struct Asked {
    std::vector<std::string> names;
    std::string ps_options;
};

/// "NAME -o pid,args" as docker's; else all words are names.
Asked asked(const std::vector<std::string>& words) {
    if (words.size() > 1 && (words[1][0] == '-' || words[1] == "aux"))
        return {{words[0]}, join({words.begin() + 1, words.end()}, " ")};
    return {words, ""};
}

std::vector<std::string> container_names(Context& context, const std::vector<std::string>& words) {
    const auto targets = find_targets(context, words);
    std::vector<std::string> names = targets.containers;
    if (!targets.project) return names;
    for (const auto& container : list_containers(context, targets.project, false)) {
        const auto& services = targets.services;
        if (services.empty() || std::find(services.begin(), services.end(), container.service) != services.end())
            names.push_back(container.name);
    }
    return names;
}

int top(Context& context, const Arguments& arguments) {
    const auto [words, ps_options] = asked(arguments.words);
    const bool json = wants_json(arguments);
    const auto names = container_names(context, words);
    Json all = Json::object();
    for (const auto& name : names) {
        const std::string query = ps_options.empty() ? "" : "?ps_args=" + wire::percent_encode(ps_options);
        const Json found = context.client().get(container_path(name, "top" + query));
        const auto titles = json_value<Row>(found, "Titles", {});
        const auto rows = json_value<std::vector<Row>>(found, "Processes", {});
        if (json)
            all[name] = found;
        else
            print((names.size() > 1 ? escape_for_terminal(name) + "\n" : "") + format_table(titles, rows) +
                  (names.size() > 1 ? "\n" : ""));
    }
    if (json) print_json(all);
    return 0;
}

}  // namespace

std::vector<Command> top_commands() {
    return {{.name = "top",
             .words = "[SERVICE|CONTAINER...] | CONTAINER PS-OPTIONS",
             .summary = "processes of containers; with options of ps, such as -o pid,user,args",
             .options = {{"--format", "FORMAT", "table or json"}},
             .options_end = OptionsEnd::first_word,
             .run = top,
             .of_stack = true}};
}

}  // namespace hoist::cli
