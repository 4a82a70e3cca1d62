// SPDX-License-Identifier: Apache-2.0
// hoist compose run: one container of a service, for one command
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/operation.h"
#include "cli/project_files.h"
#include "cli/run.h"
#include "cli/targets.h"
#include "compose/short_form.h"
#include "compose/source.h"
#include "wire/project_messages.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

void set_variables(compose::Service& service, const Arguments& arguments) {
    for (const auto& text : arguments.all("env")) {
        const auto equals = text.find('=');
        if (equals != std::string::npos)
            service.environment[text.substr(0, equals)] = text.substr(equals + 1);
        else if (const char* value = std::getenv(text.c_str()))
            service.environment[text] = value;
    }
}

void set_ports(compose::Service& service, const Arguments& arguments) {
    if (!arguments.flag("service-ports")) service.ports.clear();
    for (const auto& text : arguments.all("publish")) {
        compose::TextProblem problem;
        const auto ports = compose::parse_ports(text, problem);
        if (!ports) throw UsageError(fmt::format("-p: {}", problem.message));
        service.ports.insert(service.ports.end(), ports->begin(), ports->end());
    }
}

void add_volumes(Context& context, compose::Project& project, compose::Service& service, const Arguments& arguments) {
    for (const auto& text : arguments.all("volume")) {
        compose::TextProblem problem;
        const auto given = compose::parse_short_volume(text, problem);
        if (!given) throw UsageError(fmt::format("-v: {}", problem.message));
        compose::Mount mount{.source = given->source, .target = clean_path(given->target)};
        if (given->is_bind()) {
            mount.type = compose::Mount::Type::bind;
            mount.source = compose::resolve_path(load_options(context).working_directory, given->source,
                                                 std::getenv("HOME") ? std::getenv("HOME") : "/");
        } else if (!given->source.empty() && !project.volumes.count(given->source)) {
            // Not one of the project's: the name is meant as it is.
            project.volumes[given->source] = {.key = given->source, .name = given->source, .external = false};
        }
        for (const auto& option : given->options) mount.read_only = mount.read_only || option == "ro";
        std::erase_if(service.mounts, [&](const auto& other) { return other.target == mount.target; });
        service.mounts.push_back(std::move(mount));
    }
}

/// The service as this one run wants it.
void change_service(Context& context, compose::Project& project, const Arguments& arguments, bool tty, bool stdin_) {
    auto& service = project.services.at(arguments.words[0]);
    if (arguments.words.size() > 1)
        service.command = std::vector<std::string>(arguments.words.begin() + 1, arguments.words.end());
    if (arguments.has("entrypoint")) service.entrypoint = split(arguments.get("entrypoint"), ' ');
    if (arguments.has("entrypoint") && arguments.words.size() < 2) service.command = std::vector<std::string>{};
    set_variables(service, arguments);
    set_ports(service, arguments);
    add_volumes(context, project, service, arguments);
    if (arguments.has("user")) service.user = arguments.get("user");
    if (arguments.has("workdir")) service.working_dir = arguments.get("workdir");
    for (const auto& text : arguments.all("label")) {
        const auto equals = text.find('=');
        service.labels[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
    }
    for (const auto& name : arguments.all("cap-add")) service.cap_add.push_back(name);
    for (const auto& name : arguments.all("cap-drop")) service.cap_drop.push_back(name);
    service.tty = tty, service.stdin_open = stdin_;
    service.restart = {}, service.scale = 1, service.container_name.clear();
    for (auto& [key, network] : service.networks) network.ipv4_address.clear(), network.mac_address.clear();
}

/// What it depends on is brought up first, as `up` would.
int start_dependencies(Context& context, const compose::Project& project, const compose::Service& service) {
    wire::ProjectRequest request;
    request.project = compose::to_json(project);
    for (const auto& [other, how] : service.depends_on) request.services.push_back(other);
    if (request.services.empty()) return 0;
    request.wait = std::any_of(service.depends_on.begin(), service.depends_on.end(), [](const auto& one) {
        return one.second.condition != compose::Dependency::Condition::started;
    });
    return run_simple_operation(context, project.name, "up", request, "[+] run");
}

int run_one_off(Context& context, const Arguments& arguments) {
    if (arguments.flag("service-ports") && arguments.has("publish"))
        throw UsageError("--service-ports and --publish exclude each other");
    const bool detach = arguments.flag("detach");
    const bool stdin_ = !detach && (!arguments.has("interactive") || arguments.flag("interactive"));
    const bool tty = !detach && !arguments.flag("no-tty") && ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO);
    auto project = load_project(context, LoadWishes{.services = {arguments.words[0]}});
    if (!arguments.flag("no-deps"))
        if (const int status = start_dependencies(context, project, project.services.at(arguments.words[0])))
            return status;
    change_service(context, project, arguments, tty, stdin_);
    const Json body = {{"project", compose::to_json(project)},
                       {"service", arguments.words[0]},
                       {"name", arguments.get("name")},
                       {"auto_remove", arguments.flag("rm")},
                       {"use_aliases", arguments.flag("use-aliases")},
                       {"stdin_once", stdin_}};
    const std::string target = fmt::format("/hoist/v1/projects/{}/one-off", wire::percent_encode(project.name));
    const auto id = json_value<std::string>(context.client().call("POST", target, body), "Id", "");
    if (!detach) return follow_new(context, arguments, id, tty, stdin_);
    try {
        context.client().call("POST", container_path(id, "start"));
    } catch (const Error& error) {
        return start_failed(error);
    }
    print(id + "\n");
    return 0;
}

}  // namespace

std::vector<Command> compose_run_commands() {
    return {{.name = "run",
             .words = "SERVICE [COMMAND [ARGUMENT...]]",
             .summary = "run one command in a container of its own",
             .options = {{"-d, --detach", "", "in the background"},
                         {"--rm", "", "remove it when it ends"},
                         {"-e, --env", "NAME=VALUE", "variable; may be repeated"},
                         {"-v, --volume", "SOURCE:TARGET[:ro]", "volume or folder; may be repeated"},
                         {"-p, --publish", "[IP:]HOST:CONTAINER", "published port; may be repeated"},
                         {"-P, --service-ports", "", "publish the service's ports"},
                         {"-i, --interactive", "", "pass standard input on (default)"},
                         {"-T, --no-tty", "", "without a terminal"},
                         {"--entrypoint", "COMMAND", "in place of the service's"},
                         {"-u, --user", "USER", "user"},
                         {"-w, --workdir", "DIR", "working directory"},
                         {"-l, --label", "NAME=VALUE", "label; may be repeated"},
                         {"--cap-add", "CAPABILITY", "may be repeated"},
                         {"--cap-drop", "CAPABILITY", "may be repeated"},
                         {"--name", "NAME", "name of the container"},
                         {"--no-deps", "", "not the services that it depends on"},
                         {"--use-aliases", "", "under the service's names on its networks"},
                         detach_keys_option},
             .least_words = 1,
             .options_end = OptionsEnd::first_word,
             .run = run_one_off,
             .of_stack = true,
             .only_compose = true}};
}

}  // namespace hoist::cli
