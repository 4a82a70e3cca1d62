// SPDX-License-Identifier: Apache-2.0
// hoist rm, kill, wait, rename, inspect
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/format.h"
#include "cli/targets.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

int remove_containers(Context& context, const Arguments& arguments) {
    wire::Query query;
    if (arguments.flag("force")) query.add("force", "1");
    if (arguments.flag("volumes")) query.add("v", "1");
    return for_each_name(arguments.words, [&](const std::string& name) {
        context.client().call("DELETE", container_path(name) + "?" + query.str());
        return name;
    });
}

int kill_containers(Context& context, const Arguments& arguments) {
    const auto signal = arguments.get("signal", "KILL");
    if (parse_signal(signal) == 0)
        throw UsageError(fmt::format("--signal: '{}' is no signal", escape_for_terminal(signal)));
    return for_each_name(arguments.words, [&](const std::string& name) {
        context.client().call("POST", container_path(find_container(context, name, std::nullopt),
                                                     "kill?signal=" + wire::percent_encode(signal)));
        return name;
    });
}

int wait_for_containers(Context& context, const Arguments& arguments) {
    return for_each_name(arguments.words, [&](const std::string& name) {
        const Json exit = context.client().call("POST", container_path(name, "wait"));
        return std::to_string(json_value(exit, "StatusCode", 0));
    });
}

int rename(Context& context, const Arguments& arguments) {
    context.client().call(
        "POST", container_path(arguments.words[0], "rename?name=" + wire::percent_encode(arguments.words[1])));
    return 0;
}

/// The path that describes an object of one type.
std::string description_path(const std::string& type, const std::string& name) {
    const std::string escaped = wire::percent_encode(name);
    if (type == "container") return "/containers/" + escaped + "/json";
    if (type == "image") return "/images/" + escaped + "/json";
    if (type == "network") return "/networks/" + escaped;
    if (type == "volume") return "/volumes/" + escaped;
    throw UsageError(
        fmt::format("--type: '{}' is none of container, image, network, volume", escape_for_terminal(type)));
}

Json describe_object(Context& context, const std::string& name, const std::vector<std::string>& types) {
    for (const auto& type : types) {
        try {
            return context.client().get(description_path(type, name));
        } catch (const Error& error) {
            if (error.kind() != Kind::not_found) throw;
        }
    }
    fail(Kind::not_found, "no such {}: {}", types.size() == 1 ? types[0] : "object", name);
}

int inspect(Context& context, const Arguments& arguments) {
    const std::vector<std::string> types = arguments.has("type")
                                               ? std::vector<std::string>{arguments.get("type")}
                                               : std::vector<std::string>{"container", "image", "network", "volume"};
    Json found = Json::array();
    int status = 0;
    for (const auto& name : arguments.words) {
        try {
            found.push_back(describe_object(context, name, types));
        } catch (const Error& error) {
            print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.message())));
            status = 1;
        }
    }
    if (!print_by_template(arguments, {}, found.get<std::vector<Json>>())) print_json(found);
    return status;
}

}  // namespace

std::vector<Command> container_commands() {
    return {{.name = "rm",
             .words = "CONTAINER...",
             .summary = "remove containers",
             .options = {{"-f, --force", "", "kill it if it runs"}, {"-v, --volumes", "", "its anonymous volumes too"}},
             .least_words = 1,
             .run = remove_containers},
            {.name = "kill",
             .words = "SERVICE|CONTAINER...",
             .summary = "send a signal",
             .options = {{"-s, --signal", "SIGNAL", "name or number; default KILL"}},
             .least_words = 1,
             .run = kill_containers},
            {.name = "wait",
             .words = "CONTAINER...",
             .summary = "wait until containers end, and print their exit statuses",
             .least_words = 1,
             .run = wait_for_containers},
            {.name = "rename",
             .words = "CONTAINER NAME",
             .summary = "give a container another name",
             .least_words = 2,
             .most_words = 2,
             .run = rename},
            {.name = "inspect",
             .words = "NAME...",
             .summary = "all there is to know of containers, images, networks or volumes, as JSON",
             .options = {{"--type", "TYPE", "container, image, network or volume"},
                         {"-f, --format", "FORMAT", "json, or a template such as '{{.State.Status}}'"}},
             .least_words = 1,
             .run = inspect}};
}

}  // namespace hoist::cli
