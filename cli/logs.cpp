// SPDX-License-Identifier: Apache-2.0
// hoist logs
#include "base/error.h"
#include "cli/command.h"
#include "cli/log_copy.h"
#include "cli/log_follow.h"
#include "cli/project_files.h"
#include "cli/targets.h"
#include "wire/time.h"

namespace hoist::cli {
namespace {

/// Lines older than this are sorted by time across containers; what is younger is shown as it comes.
constexpr auto settled = std::chrono::milliseconds(50);

struct WantedLogs {
    std::string id, label;
    bool tty = false;
};

bool has_terminal(Context& context, const std::string& id) {
    const Json details = context.client().get(container_path(id, "json"));
    return details.contains("Config") && json_value(details["Config"], "Tty", false);
}

std::vector<WantedLogs> wanted_containers(Context& context, const Targets& targets, const Arguments& arguments) {
    std::vector<WantedLogs> wanted;
    for (const auto& name : targets.containers) wanted.push_back({name, name, has_terminal(context, name)});
    if (!targets.project) return wanted;
    const auto index = arguments.number("index");
    for (const auto& container : list_containers(context, targets.project, true)) {
        const auto& services = targets.services;
        const bool asked =
            services.empty() || std::find(services.begin(), services.end(), container.service) != services.end();
        if (asked && (!index || container.number == *index))
            wanted.push_back({container.id, label_of(container), has_terminal(context, container.id)});
    }
    return wanted;
}

std::string tail_of(const Arguments& arguments) {
    const auto tail = arguments.get("tail");
    if (!tail.empty() && tail != "all") arguments.number("tail");
    return tail;
}

std::string moment_of(const Arguments& arguments, const char* name, TimePoint present) {
    const auto text = arguments.get(name);
    return text.empty() ? "" : wire::unix_text(wire::parse_moment(text, present, std::string("--") + name));
}

int show_logs(Context& context, const Arguments& arguments) {
    const TimePoint present = now();
    const auto targets = find_targets(context, arguments.words);
    const auto wanted = wanted_containers(context, targets, arguments);
    LogStyle style;
    style.prefix = !arguments.flag("no-log-prefix") && targets.project.has_value();
    if (targets.containers.size() > 1) style.prefix = true;
    style.split_streams = targets.containers.size() == 1;
    style.color = context.color_out() && !arguments.flag("no-color");
    style.timestamps = arguments.flag("timestamps");
    const bool follow = arguments.flag("follow");

    LogWindow past{.since = moment_of(arguments, "since", present),
                   .until = moment_of(arguments, "until", present),
                   .tail = tail_of(arguments)};
    if (wanted.size() == 1 && !style.prefix) {
        past.follow = follow;
        copy_log(context.client(), wanted.front().id, wanted.front().tty, past, style.timestamps);
        return 0;
    }
    if (follow && past.until.empty()) past.until = wire::unix_text(present - settled);
    LogFollower follower(context.client(), style);
    for (const auto& one : wanted) follower.add(one.id, one.label, one.tty, past);
    follower.print_merged();
    if (!follow || arguments.has("until")) return 0;

    const LogWindow rest{.since = wire::unix_text(present - settled + Nanoseconds(1)), .follow = true};
    for (const auto& one : wanted) follower.add(one.id, one.label, one.tty, rest);
    while (!follower.empty()) {
        std::vector<pollfd> waiting;
        follower.add_to(waiting);
        ::poll(waiting.data(), waiting.size(), -1);
        follower.handle(waiting);
    }
    return 0;
}

}  // namespace

std::vector<Command> log_commands() {
    return {{.name = "logs",
             .words = "[SERVICE|CONTAINER...]",
             .summary = "show output of containers",
             .options = {{"-f, --follow", "", "go on as more comes"},
                         {"-n, --tail", "N", "only the last N lines of each container"},
                         {"--since", "TIME", "from then on: a time, or a duration ago (10m)"},
                         {"--until", "TIME", "up to then"},
                         {"-t, --timestamps", "", "show times"},
                         {"--index", "N", "only this replica"},
                         {"--no-log-prefix", "", "without the container's name"},
                         {"--no-color", "", "without colours"}},
             .run = show_logs,
             .of_stack = true}};
}

}  // namespace hoist::cli
