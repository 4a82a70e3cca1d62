// SPDX-License-Identifier: Apache-2.0
// hoist container prune, image prune, network prune, volume prune, system prune
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "wire/filters.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// Asks at a terminal; elsewhere --force has to say it, since nobody is there to answer.
bool confirmed(const Arguments& arguments, const std::string& what) {
    if (arguments.flag("force")) return true;
    if (!is_terminal(STDIN_FILENO))
        throw UsageError("prune removes things for good: say --force, or run it at a terminal");
    print_error(fmt::format("This removes {}. Go on? [y/N] ", what));
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

int prune(Context& context, const Arguments& arguments, const std::string& path, const char* list,
          wire::Filters filters, const std::string& what) {
    for (const auto& filter : arguments.all("filter")) filters.add(filter);
    if (!confirmed(arguments, what)) return 1;
    const auto query = filters.empty() ? "" : "?filters=" + wire::percent_encode(filters.str());
    const Json done = context.client().call("POST", path + query);
    for (const auto& name : json_value(done, list, std::vector<std::string>{})) print(escape_for_terminal(name) + "\n");
    if (done.contains("SpaceReclaimed"))
        print(fmt::format("Total reclaimed space: {}\n",
                          format_bytes({json_value<std::int64_t>(done, "SpaceReclaimed", 0)})));
    return 0;
}

int prune_containers(Context& context, const Arguments& arguments) {
    return prune(context, arguments, "/containers/prune", "ContainersDeleted", {}, "all stopped containers");
}
int prune_networks(Context& context, const Arguments& arguments) {
    return prune(context, arguments, "/networks/prune", "NetworksDeleted", {}, "all networks that no container uses");
}
int prune_volumes(Context& context, const Arguments& arguments) {
    wire::Filters filters;
    if (arguments.flag("all")) filters.add("all", "true");
    return prune(context, arguments, "/volumes/prune", "VolumesDeleted", std::move(filters),
                 arguments.flag("all") ? "all volumes that no container uses, with their data"
                                       : "all anonymous volumes that no container uses, with their data");
}

/// The images that went, as docker tells them.
void print_pruned_images(Context& context, bool all, const std::vector<std::string>& given) {
    wire::Filters filters;
    for (const auto& filter : given) filters.add(filter);
    if (all) filters.add("dangling", "false");
    const auto query = filters.empty() ? "" : "?filters=" + wire::percent_encode(filters.str());
    const Json done = context.client().call("POST", "/images/prune" + query);
    for (const auto& entry : json_value(done, "ImagesDeleted", Json::array()))
        for (const auto& [what, object] : entry.items())
            print(what + ": " + escape_for_terminal(object.get<std::string>()) + "\n");
    print(fmt::format("Total reclaimed space: {}\n",
                      format_bytes({json_value<std::int64_t>(done, "SpaceReclaimed", 0)})));
}

int prune_images(Context& context, const Arguments& arguments) {
    const bool all = arguments.flag("all");
    if (!confirmed(arguments, all ? "all images that no container uses" : "all images without a name")) return 1;
    print_pruned_images(context, all, arguments.all("filter"));
    return 0;
}

/// Containers first: what only they use goes with them.
int prune_system(Context& context, const Arguments& arguments) {
    const bool all = arguments.flag("all"), volumes = arguments.flag("volumes");
    if (!confirmed(arguments, fmt::format("stopped containers, unused networks, {}{}",
                                          all ? "all unused images" : "images without a name",
                                          volumes ? ", and unused anonymous volumes with their data" : "")))
        return 1;
    Arguments agreed = arguments;
    agreed.add("force", "true");
    prune(context, agreed, "/containers/prune", "ContainersDeleted", {}, "");
    prune(context, agreed, "/networks/prune", "NetworksDeleted", {}, "");
    if (volumes) prune(context, agreed, "/volumes/prune", "VolumesDeleted", {}, "");
    print_pruned_images(context, all, arguments.all("filter"));
    return 0;
}

}  // namespace

std::vector<Command> prune_commands() {
    const Option force = {"-f, --force", "", "do not ask"};
    const Option filter = {"--filter", "KEY=VALUE", "label=, label!=, until=; may be repeated"};
    return {{.name = "container prune",
             .summary = "remove all stopped containers",
             .options = {force, filter},
             .most_words = 0,
             .run = prune_containers},
            {.name = "image prune",
             .summary = "remove images without a name that no container uses",
             .options = {force, filter, {"-a, --all", "", "those with a name, too"}},
             .most_words = 0,
             .run = prune_images},
            {.name = "system prune",
             .summary = "remove stopped containers, unused networks and images",
             .options = {force,
                         filter,
                         {"-a, --all", "", "images with a name, too"},
                         {"--volumes", "", "anonymous volumes, too"}},
             .most_words = 0,
             .run = prune_system},
            {.name = "network prune",
             .summary = "remove networks that no container uses",
             .options = {force, filter},
             .most_words = 0,
             .run = prune_networks},
            {.name = "volume prune",
             .summary = "remove anonymous volumes that no container uses",
             .options = {force, filter, {"-a, --all", "", "named ones too"}},
             .most_words = 0,
             .run = prune_volumes}};
}

}  // namespace hoist::cli
