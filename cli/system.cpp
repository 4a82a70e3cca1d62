// SPDX-License-Identifier: Apache-2.0
// hoist version, info, system audit, ls
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/daemon_start.h"
#include "cli/format.h"
#include "cli/table.h"

namespace hoist::cli {
namespace {

int version(Context& context, const Arguments& arguments) {
    if (arguments.flag("short")) {
        print("hoist " HOIST_VERSION "\n");
        return 0;
    }
    Json answer = {{"Client", {{"Version", HOIST_VERSION}}}, {"Server", nullptr}};
    // Asking for a version starts no daemon.
    const Client client(daemon_socket(context.globals.host));
    if (client.try_connect() == 0) answer["Server"] = client.get("/version");
    if (print_by_template(arguments, {}, {answer})) return 0;
    if (wants_json(arguments)) {
        print_json(answer);
        return 0;
    }
    print("hoist    " HOIST_VERSION "\n");
    if (answer["Server"].is_null()) {
        print("hoistd   not running\n");
        return 0;
    }
    const auto& server = answer["Server"];
    print(fmt::format(
        "hoistd   {}\nAPI      {} (oldest {})\n", escape_for_terminal(json_value<std::string>(server, "Version", "")),
        json_value<std::string>(server, "ApiVersion", ""), json_value<std::string>(server, "MinAPIVersion", "")));
    return 0;
}

int info(Context& context, const Arguments& arguments) {
    const Json facts = context.client().get("/info");
    if (print_by_template(arguments, {}, {facts})) return 0;
    if (wants_json(arguments)) {
        print_json(facts);
        return 0;
    }
    for (const char* key : {"ServerVersion", "Containers", "ContainersRunning", "ContainersStopped", "Images", "Driver",
                            "LoggingDriver", "CgroupDriver", "CgroupVersion", "DefaultRuntime", "KernelVersion",
                            "OperatingSystem", "Architecture", "NCPU", "MemTotal", "Name", "DockerRootDir"}) {
        const Json value = facts.value(key, Json());
        print(fmt::format("{:<18} {}\n", key,
                          escape_for_terminal(value.is_string() ? value.get<std::string>() : value.dump())));
    }
    return 0;
}

/// Exit status 1 if anything disagrees.
int audit(Context& context, const Arguments& arguments) {
    const Json findings = json_value<Json>(context.client().get("/hoist/v1/system/audit"), "findings", Json::array());
    if (print_by_template(arguments, {}, findings.get<std::vector<Json>>())) return findings.empty() ? 0 : 1;
    if (wants_json(arguments)) {
        print_json(findings);
    } else if (findings.empty()) {
        print("database and kernel agree\n");
    } else {
        std::vector<Row> rows;
        for (const auto& finding : findings)
            rows.push_back(
                {json_value<std::string>(finding, "object", ""), json_value<std::string>(finding, "problem", "")});
        print(format_table({"OBJECT", "PROBLEM"}, rows));
    }
    return findings.empty() ? 0 : 1;
}

int list_projects(Context& context, const Arguments& arguments) {
    const Json projects = context.client().get("/hoist/v1/projects");
    if (print_by_template(arguments, {{"name", "NAME"}, {"running", "RUNNING"}, {"total", "TOTAL"}},
                          projects.get<std::vector<Json>>()))
        return 0;
    if (wants_json(arguments)) {
        print_json(projects);
        return 0;
    }
    std::vector<Row> rows;
    for (const auto& project : projects)
        rows.push_back(
            {json_value<std::string>(project, "name", ""),
             fmt::format("{}/{} running", json_value(project, "running", 0), json_value(project, "total", 0)),
             join(json_value<std::vector<std::string>>(project, "config_files", {}), ",")});
    print(format_table({"NAME", "STATUS", "CONFIG FILES"}, rows));
    return 0;
}

}  // namespace

std::vector<Command> system_commands() {
    return {
        {.name = "ls", .summary = "list projects", .options = {format_option}, .most_words = 0, .run = list_projects},
        {.name = "version",
         .summary = "versions of hoist and of its daemon",
         .options = {{"--short", "", "only the version"}, format_option},
         .most_words = 0,
         .run = version},
        {.name = "info",
         .summary = "facts about the daemon and its host",
         .options = {format_option},
         .most_words = 0,
         .run = info},
        {.name = "system audit",
         .summary = "compare database and kernel (exit status 1: they disagree)",
         .options = {format_option},
         .most_words = 0,
         .run = audit}};
}

}  // namespace hoist::cli
