// SPDX-License-Identifier: Apache-2.0
// What `hoist compose` has beside the commands that are also hoist's own: rm, kill, wait, images, volumes, scale,
// create, events of one project.
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/each.h"
#include "cli/operation.h"
#include "cli/project_files.h"
#include "cli/table.h"
#include "cli/targets.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

constexpr int waiting_failed = 42;  // as docker compose

/// The project's containers, of the named services (none: all). @throws Error for a service that has none
std::vector<ListedContainer> chosen(Context& context, const std::vector<std::string>& services, bool all) {
    std::vector<ListedContainer> found;
    const auto project = project_name(context);
    const auto containers = list_containers(context, project, true);
    for (const auto& service : services)
        if (std::none_of(containers.begin(), containers.end(), [&](const auto& one) { return one.service == service; }))
            fail(Kind::not_found, "project {} has no container of a service {}", project, service);
    for (const auto& one : containers)
        if ((all || one.running()) &&
            (services.empty() || std::find(services.begin(), services.end(), one.service) != services.end()))
            found.push_back(one);
    return found;
}

std::vector<std::string> ids_of(const std::vector<ListedContainer>& containers) {
    std::vector<std::string> ids;
    for (const auto& one : containers) ids.push_back(one.name);
    return ids;
}

int remove_services(Context& context, const Arguments& arguments) {
    if (arguments.flag("stop")) {
        wire::ProjectRequest request;
        request.services = arguments.words;
        if (const int status = run_simple_operation(context, project_name(context), "stop", request, "[+] stop"))
            return status;
    }
    auto containers = chosen(context, arguments.words, true);
    std::erase_if(containers, [](const auto& one) { return one.running(); });
    if (containers.empty()) {
        print_error("no stopped containers\n");
        return 0;
    }
    if (!arguments.flag("force") && ::isatty(0)) {
        print_error(fmt::format("Going to remove {}\nAre you sure? [yN] ",
                                escape_for_terminal(join(ids_of(containers), ", "))));
        std::string answer;
        std::getline(std::cin, answer);
        if (answer != "y" && answer != "Y" && answer != "yes") return 0;
    }
    return for_each_name(ids_of(containers), [&](const std::string& name) {
        context.client().call("DELETE", container_path(name) + (arguments.flag("volumes") ? "?v=1" : ""));
        return name;
    });
}

int kill_services(Context& context, const Arguments& arguments) {
    const auto signal = arguments.get("signal", "KILL");
    if (parse_signal(signal) == 0)
        throw UsageError(fmt::format("--signal: '{}' is no signal", escape_for_terminal(signal)));
    return for_each_name(ids_of(chosen(context, arguments.words, false)), [&](const std::string& name) {
        context.client().call("POST", container_path(name, "kill?signal=" + wire::percent_encode(signal)));
        return name;
    });
}

int wait_for_services(Context& context, const Arguments& arguments) {
    int status = 0;
    try {
        for (const auto& one : chosen(context, arguments.words, true)) {
            const Json exit = context.client().call("POST", container_path(one.id, "wait"));
            status = json_value(exit, "StatusCode", 0);
            print(fmt::format("{} {}\n", escape_for_terminal(one.name), status));
        }
    } catch (const Error& error) {
        print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.message())));
        return waiting_failed;
    }
    if (arguments.flag("down-project")) run_simple_operation(context, project_name(context), "down", {}, "[+] down");
    return status;
}

int images(Context& context, const Arguments& arguments) {
    std::vector<Row> rows;
    Json all = Json::array();
    for (const auto& one : chosen(context, arguments.words, true)) {
        const auto reference = json_value<std::string>(one.entry, "Image", "");
        const auto id = json_value<std::string>(one.entry, "ImageID", "");
        const auto colon = reference.rfind(':');
        const bool tagged = colon != std::string::npos && reference.find('/', colon) == std::string::npos;
        const std::string name = tagged ? reference.substr(0, colon) : reference,
                          tag = tagged ? reference.substr(colon + 1) : "latest";
        rows.push_back({one.name, name, tag, id.substr(id.find(':') + 1, 12)});
        all.push_back({{"ID", id}, {"ContainerName", one.name}, {"Repository", name}, {"Tag", tag}});
    }
    if (wants_json(arguments)) {
        print_json(all);
    } else if (arguments.flag("quiet")) {
        for (const auto& row : rows) print(row[3] + "\n");
    } else {
        print(format_table({"CONTAINER", "REPOSITORY", "TAG", "IMAGE ID"}, rows));
    }
    return 0;
}

int volumes(Context& context, const Arguments& arguments) {
    const auto project = load_project(context, LoadWishes{.services = arguments.words});
    std::vector<Row> rows;
    Json all = Json::array();
    for (const auto& [key, volume] : project.volumes) {
        rows.push_back({volume.driver.empty() ? "local" : volume.driver, volume.name});
        all.push_back({{"Driver", rows.back()[0]}, {"Name", volume.name}, {"Key", key}});
    }
    if (wants_json(arguments)) {
        print_json(all);
    } else if (arguments.flag("quiet")) {
        for (const auto& row : rows) print(row[1] + "\n");
    } else {
        print(format_table({"DRIVER", "VOLUME NAME"}, rows));
    }
    return 0;
}

int scale(Context& context, const Arguments& arguments) {
    std::map<std::string, int> wanted;
    wire::ProjectRequest request;
    for (const auto& word : arguments.words) {
        const auto equals = word.find('=');
        const std::string count = equals == std::string::npos ? "" : word.substr(equals + 1);
        if (count.empty() || count.size() > 4 || count.find_first_not_of("0123456789") != std::string::npos)
            throw UsageError(fmt::format("'{}' is not SERVICE=NUMBER", escape_for_terminal(word)));
        wanted[word.substr(0, equals)] = std::stoi(count);
        request.services.push_back(word.substr(0, equals));
    }
    const auto project = load_project(context, {.services = request.services, .scale = wanted});
    request.project = compose::to_json(project);
    request.recreate = "never";
    request.no_deps = arguments.flag("no-deps");
    return run_simple_operation(context, project.name, "up", request, "[+] scale");
}

int create_services(Context& context, const Arguments& arguments) {
    if (arguments.flag("force-recreate") && arguments.flag("no-recreate"))
        throw UsageError("--force-recreate and --no-recreate exclude each other");
    const auto project = load_project(context, LoadWishes{.services = arguments.words});
    wire::ProjectRequest request;
    request.project = compose::to_json(project);
    request.services = arguments.words;
    request.no_start = true;
    request.remove_orphans = arguments.flag("remove-orphans");
    if (arguments.flag("force-recreate")) request.recreate = "always";
    if (arguments.flag("no-recreate")) request.recreate = "never";
    return run_simple_operation(context, project.name, "up", request, "[+] create");
}

/// The same as `hoist events`, of the project's containers.
int project_events(Context& context, const Arguments& arguments) {
    std::vector<std::string> words;
    if (!context.globals.host.empty()) words = {"--host", context.globals.host};
    words.insert(words.end(), {"events", "--filter", "label=com.docker.compose.project=" + project_name(context)});
    for (const auto& service : arguments.words)
        words.insert(words.end(), {"--filter", "label=com.docker.compose.service=" + service});
    for (const char* name : {"since", "until"})
        if (arguments.has(name)) words.insert(words.end(), {std::string("--") + name, arguments.get(name)});
    if (arguments.flag("json")) words.emplace_back("--json");
    return run_command(words);
}

const Option json_or_table{"--format", "FORMAT", "table or json"};

}  // namespace

std::vector<Command> compose_commands() {
    return {
        {.name = "rm",
         .words = "[SERVICE...]",
         .summary = "remove stopped containers",
         .options = {{"-f, --force", "", "without asking"},
                     {"-s, --stop", "", "stop them first"},
                     {"-v, --volumes", "", "their anonymous volumes too"}},
         .run = remove_services,
         .of_stack = true,
         .only_compose = true},
        {.name = "kill",
         .words = "[SERVICE...]",
         .summary = "send a signal",
         .options = {{"-s, --signal", "SIGNAL", "name or number; default KILL"}},
         .run = kill_services,
         .of_stack = true,
         .only_compose = true},
        {.name = "wait",
         .words = "SERVICE...",
         .summary = "wait until services have stopped; exit status: the last one's",
         .options = {{"--down-project", "", "then take the project down"}},
         .least_words = 1,
         .run = wait_for_services,
         .of_stack = true,
         .only_compose = true},
        {.name = "images",
         .words = "[SERVICE...]",
         .summary = "images that the project's containers use",
         .options = {{"-q, --quiet", "", "only ids"}, json_or_table},
         .run = images,
         .of_stack = true,
         .only_compose = true},
        {.name = "create",
         .words = "[SERVICE...]",
         .summary = "create the containers, without starting them",
         .options = {{"--force-recreate", "", "make all containers anew"},
                     {"--no-recreate", "", "keep containers that are there, changed or not"},
                     {"--remove-orphans", "", "remove containers of services that are gone from the file"}},
         .run = create_services,
         .of_stack = true,
         .only_compose = true},
        {.name = "events",
         .words = "[SERVICE...]",
         .summary = "show what happens to the project's containers",
         .options = {{"--since", "TIME", "from then on"}, {"--until", "TIME", "up to then"}, {"--json", "", "as JSON"}},
         .run = project_events,
         .of_stack = true,
         .only_compose = true},
        {.name = "volumes",
         .words = "[SERVICE...]",
         .summary = "volumes of the project",
         .options = {{"-q, --quiet", "", "only names"}, json_or_table},
         .run = volumes,
         .of_stack = true},
        {.name = "scale",
         .words = "SERVICE=N...",
         .summary = "change the number of a service's containers",
         .options = {{"--no-deps", "", "not the services that the named ones depend on"}},
         .least_words = 1,
         .run = scale,
         .of_stack = true}};
}

}  // namespace hoist::cli
