// SPDX-License-Identifier: Apache-2.0
// hoist up, down, start, stop, restart
#include "base/error.h"
#include "base/text.h"
#include "cli/attached.h"
#include "cli/build_services.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/operation.h"
#include "cli/project_files.h"
#include "cli/pull.h"
#include "cli/targets.h"

namespace hoist::cli {
namespace {

std::optional<std::chrono::seconds> timeout_of(const Arguments& arguments) {
    const auto seconds = arguments.number("timeout");
    if (seconds && *seconds < 0) throw UsageError("--timeout: must not be negative");
    return seconds ? std::optional(std::chrono::seconds(*seconds)) : std::nullopt;
}

std::map<std::string, int> scale_of(const Arguments& arguments) {
    std::map<std::string, int> scale;
    for (const auto& text : arguments.all("scale")) {
        const auto equals = text.find('=');
        const std::string count = equals == std::string::npos ? "" : text.substr(equals + 1);
        if (count.empty() || count.size() > 4 || count.find_first_not_of("0123456789") != std::string::npos)
            throw UsageError(fmt::format("--scale: '{}' is not SERVICE=NUMBER", escape_for_terminal(text)));
        scale[text.substr(0, equals)] = std::stoi(count);
    }
    return scale;
}

/// Options that make no sense together: usage errors, before anything is read.
void check_together(const Arguments& arguments) {
    const auto exclude = [&](const char* one, const char* other) {
        if (arguments.flag(one) && arguments.flag(other))
            throw UsageError(fmt::format("--{} and --{} exclude each other", one, other));
    };
    for (const char* recreating : {"force-recreate", "always-recreate-deps", "renew-anon-volumes"})
        exclude(recreating, "no-recreate");
    exclude("no-start", "wait");
    exclude("abort-on-container-exit", "abort-on-container-failure");
    for (const char* background : {"detach", "wait"})
        for (const char* attached : {"abort-on-container-exit", "abort-on-container-failure"})
            exclude(background, attached);
    if ((arguments.flag("detach") || arguments.flag("wait")) &&
        (arguments.has("attach") || arguments.has("exit-code-from")))
        throw UsageError("--attach and --exit-code-from need the foreground: not with --detach or --wait");
}

wire::ProjectRequest up_request(const Arguments& arguments) {
    check_together(arguments);
    wire::ProjectRequest request;
    if (arguments.flag("force-recreate")) request.recreate = "always";
    if (arguments.flag("no-recreate")) request.recreate = "never";
    request.services = arguments.words;
    request.no_deps = arguments.flag("no-deps");
    request.no_start = arguments.flag("no-start");
    request.wait = arguments.flag("wait");
    request.remove_orphans = arguments.flag("remove-orphans");
    request.always_recreate_deps = arguments.flag("always-recreate-deps");
    request.renew_volumes = arguments.flag("renew-anon-volumes");
    request.timeout = timeout_of(arguments);
    return request;
}

/// What is shown, and when it ends.
AttachedOptions attached_options(Context& context, const Arguments& arguments, const compose::Project& project,
                                 TimePoint begin) {
    AttachedOptions options{.project = project.name,
                            .services = arguments.has("attach") ? arguments.all("attach") : arguments.words,
                            .since = begin,
                            .prefix = !arguments.flag("no-log-prefix"),
                            .color = context.color_out() && !arguments.flag("no-color"),
                            .timestamps = arguments.flag("timestamps"),
                            .timeout = timeout_of(arguments),
                            .without = arguments.all("no-attach")};
    for (const auto& [name, service] : project.services)
        if (!service.attach && !arguments.has("attach")) options.without.push_back(name);
    options.exit_code_from = arguments.get("exit-code-from");
    if (arguments.flag("abort-on-container-exit") || !options.exit_code_from.empty())
        options.abort = AttachedOptions::Abort::on_exit;
    if (arguments.flag("abort-on-container-failure")) options.abort = AttachedOptions::Abort::on_failure;
    return options;
}

/// What stays behind when `up` is interrupted.
int report_interrupted(const ProgressPrinter& printer, Ended ended) {
    const auto started = printer.view().started();
    print_error(fmt::format(
        "hoist: {}; {}; run hoist up again to go on, or hoist down to remove what is there\n",
        ended == Ended::too_late ? "not ready within --wait-timeout" : "interrupted",
        started.empty() ? "nothing was started yet" : "started and kept: " + escape_for_terminal(join(started, ", "))));
    return ended == Ended::too_late ? 1 : 130;
}

int up(Context& context, const Arguments& arguments) {
    auto request = up_request(arguments);
    const auto project = load_project(context, {.services = arguments.words, .scale = scale_of(arguments)});
    if (!arguments.flag("no-build")) build_images(context, project, {}, !arguments.flag("build"), arguments);
    request.project = compose::to_json(project);
    std::optional<PullPolicy> policy;
    if (arguments.has("pull")) policy = parse_pull_policy(arguments.get("pull"));
    pull_for_project(context, project, policy);
    const TimePoint begin = now();
    {
        ProgressPrinter printer(context.progress_mode(), "[+] up", context.color_err());
        std::optional<std::chrono::seconds> limit;
        if (const auto seconds = arguments.number("wait-timeout")) limit = std::chrono::seconds(*seconds);
        const Ended ended = run_operation(context, project.name, "up", request, printer, limit);
        printer.finish();
        if (ended != Ended::well) return report_interrupted(printer, ended);
    }
    if (arguments.flag("detach") || request.wait || request.no_start) return 0;
    return follow_stack(context, attached_options(context, arguments, project, begin));
}

int down(Context& context, const Arguments& arguments) {
    wire::ProjectRequest request;
    request.services = arguments.words;
    request.volumes = arguments.flag("volumes");
    request.remove_orphans = arguments.flag("remove-orphans");
    request.timeout = timeout_of(arguments);
    return run_simple_operation(context, project_name(context), "down", request, "[+] down");
}

/// start, stop or restart: of services through the project, of containers one by one.
int change(Context& context, const Arguments& arguments, const std::string& verb) {
    const auto targets = find_targets(context, arguments.words);
    wire::ProjectRequest request;
    request.services = targets.services;
    request.timeout = timeout_of(arguments);
    if (targets.project) return run_simple_operation(context, *targets.project, verb, request, "[+] " + verb);
    return for_each_name(targets.containers, [&](const std::string& name) {
        const std::string limit = request.timeout ? fmt::format("?t={}", request.timeout->count()) : "";
        context.client().call("POST", container_path(name, verb + limit));
        return name;
    });
}

int start(Context& context, const Arguments& arguments) {
    return change(context, arguments, "start");
}
int stop(Context& context, const Arguments& arguments) {
    return change(context, arguments, "stop");
}
int restart(Context& context, const Arguments& arguments) {
    return change(context, arguments, "restart");
}

const Option timeout_option{"-t, --timeout", "SECONDS", "time to stop in before the kill"};

}  // namespace

std::vector<Command> stack_commands() {
    return {{.name = "up",
             .words = "[SERVICE...]",
             .summary = "create and start the stack",
             .options = {{"-d, --detach", "", "in the background"},
                         {"--wait", "", "until all run or are healthy; in the background"},
                         {"--wait-timeout", "SECONDS", "give up waiting after that"},
                         {"--force-recreate", "", "make all containers anew"},
                         {"--no-recreate", "", "keep containers that are there, changed or not"},
                         {"--pull", "WHEN", "images: missing, always, never; default: each service's pull_policy"},
                         {"--no-deps", "", "not the services that the named ones depend on"},
                         {"--always-recreate-deps", "", "with --force-recreate: also what the named services need"},
                         {"-V, --renew-anon-volumes", "", "anonymous volumes begin empty"},
                         {"--abort-on-container-exit", "", "stop all when one container ends"},
                         {"--abort-on-container-failure", "", "stop all when one container fails"},
                         {"--exit-code-from", "SERVICE", "exit with its status, and stop all when it ends"},
                         {"--attach", "SERVICE", "only its output; may be repeated"},
                         {"--no-attach", "SERVICE", "not its output; may be repeated"},
                         {"-y, --yes", "", "accepted: nothing is asked"},
                         {"--no-start", "", "create only"},
                         {"--build", "", "build images first, whether they are there or not"},
                         {"--no-build", "", "build none, even if one is missing"},
                         {"--scale", "SERVICE=N", "number of replicas; may be repeated"},
                         {"--remove-orphans", "", "remove containers of services that are gone from the file"},
                         timeout_option,
                         {"--timestamps", "", "show times in the output"},
                         {"--no-log-prefix", "", "output without the container's name"},
                         {"--no-color", "", "output without colours"}},
             .run = up,
             .of_stack = true},
            {.name = "down",
             .words = "[SERVICE...]",
             .summary = "stop and remove the stack",
             .options = {{"-v, --volumes", "", "its volumes too"},
                         {"--remove-orphans", "", "containers of services that are gone from the file too"},
                         timeout_option},
             .run = down,
             .of_stack = true},
            {.name = "start",
             .words = "[SERVICE|CONTAINER...]",
             .summary = "start what is stopped",
             .run = start,
             .of_stack = true},
            {.name = "stop",
             .words = "[SERVICE|CONTAINER...]",
             .summary = "stop what runs",
             .options = {timeout_option},
             .run = stop,
             .of_stack = true},
            {.name = "restart",
             .words = "[SERVICE|CONTAINER...]",
             .summary = "stop and start again",
             .options = {timeout_option},
             .run = restart,
             .of_stack = true}};
}

}  // namespace hoist::cli
