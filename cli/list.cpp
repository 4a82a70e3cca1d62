// SPDX-License-Identifier: Apache-2.0
// hoist ps
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/format.h"
#include "cli/project_files.h"
#include "cli/table.h"
#include "cli/targets.h"

namespace hoist::cli {
namespace {

std::string text(const Json& entry, const char* key) {
    return json_value<std::string>(entry, key, "");
}

/// "0.0.0.0:8080->80/tcp, 443/tcp"
std::string ports_text(const Json& entry) {
    std::vector<std::string> parts;
    for (const auto& port : json_value<std::vector<Json>>(entry, "Ports", {})) {
        const std::string inside = fmt::format("{}/{}", json_value(port, "PrivatePort", 0), text(port, "Type"));
        const int outside = json_value(port, "PublicPort", 0);
        parts.push_back(outside ? fmt::format("{}:{}->{}", text(port, "IP"), outside, inside) : inside);
    }
    return join(parts, ", ");
}

std::string age(const Json& entry) {
    const TimePoint created(std::chrono::seconds(json_value<std::int64_t>(entry, "Created", 0)));
    return human_duration(std::max(now() - created, Nanoseconds(0))) + " ago";
}

std::string health_of(const Json& entry) {
    const std::string status = text(entry, "Status");
    for (const char* word : {"unhealthy", "healthy", "starting"})
        if (status.find(std::string(word) + ")") != std::string::npos) return word;
    return "";
}

/// As docker compose's `ps --format json`.
Json as_json(const ListedContainer& container) {
    const auto& entry = container.entry;
    Json publishers = Json::array();
    for (const auto& port : json_value<std::vector<Json>>(entry, "Ports", {}))
        publishers.push_back({{"URL", text(port, "IP")},
                              {"TargetPort", json_value(port, "PrivatePort", 0)},
                              {"PublishedPort", json_value(port, "PublicPort", 0)},
                              {"Protocol", text(port, "Type")}});
    return {{"ID", container.id},
            {"Name", container.name},
            {"Service", container.service},
            {"Project", json_value(json_value<Json>(entry, "Labels", Json::object()), "com.docker.compose.project",
                                   std::string())},
            {"Image", text(entry, "Image")},
            {"Command", text(entry, "Command")},
            {"State", text(entry, "State")},
            {"Status", text(entry, "Status")},
            {"Health", health_of(entry)},
            {"Created", json_value<std::int64_t>(entry, "Created", 0)},
            {"Ports", ports_text(entry)},
            {"Labels", json_value<Json>(entry, "Labels", Json::object())},
            {"Networks",
             json_value<Json>(json_value<Json>(entry, "NetworkSettings", Json::object()), "Networks", Json::object())},
            {"Publishers", std::move(publishers)}};
}

bool is_asked(const ListedContainer& container, const std::vector<std::string>& services) {
    return services.empty() || std::find(services.begin(), services.end(), container.service) != services.end();
}

wire::Filters filters_of(const Arguments& arguments) {
    wire::Filters filters;
    for (const auto& filter : arguments.all("filter")) filters.add(filter);
    for (const auto& status : arguments.all("status")) filters.add("status", status);
    return filters;
}

/// As `docker ps --format` names them; .Name, .Service and the like as docker compose does.
Json template_row(const ListedContainer& container, bool whole) {
    Json row = as_json(container);
    const Json labels = row["Labels"];
    std::vector<std::string> pairs, networks, mounts;
    for (const auto& [key, value] : labels.items()) pairs.push_back(key + "=" + value.get<std::string>());
    for (const auto& [name, endpoint] : row["Networks"].items()) networks.push_back(name);
    for (const auto& mount : json_value<std::vector<Json>>(container.entry, "Mounts", {}))
        mounts.push_back(mount.contains("Name") ? text(mount, "Name") : text(mount, "Source"));
    const auto command = text(container.entry, "Command");
    const TimePoint created(std::chrono::seconds(json_value<std::int64_t>(container.entry, "Created", 0)));
    row["ID"] = whole ? container.id : short_id(container.id);
    row["Names"] = container.name;
    row["Command"] = "\"" + (whole ? command : shorten(command, 20)) + "\"";
    row["CreatedAt"] = format_time(created);
    row["RunningFor"] = age(container.entry);
    row["LabelMap"] = labels;
    row["Labels"] = join(pairs, ",");
    row["Networks"] = join(networks, ",");
    row["Mounts"] = join(mounts, ",");
    row["LocalVolumes"] = std::to_string(mounts.size());
    return row;
}

const FieldTitles template_titles = {{"ID", "CONTAINER ID"},
                                     {"Names", "NAMES"},
                                     {"Name", "NAME"},
                                     {"Image", "IMAGE"},
                                     {"Command", "COMMAND"},
                                     {"CreatedAt", "CREATED AT"},
                                     {"RunningFor", "CREATED"},
                                     {"Ports", "PORTS"},
                                     {"State", "STATE"},
                                     {"Status", "STATUS"},
                                     {"Health", "HEALTH"},
                                     {"Labels", "LABELS"},
                                     {"Mounts", "MOUNTS"},
                                     {"Networks", "NETWORKS"},
                                     {"Service", "SERVICE"},
                                     {"Project", "PROJECT"},
                                     {"LocalVolumes", "LOCAL VOLUMES"},
                                     {"ExitCode", "EXIT CODE"}};

/// The newest N of all, running or not, as --latest and --last ask for.
void keep_newest(std::vector<ListedContainer>& containers, std::size_t count) {
    const auto created = [](const auto& one) { return json_value<std::int64_t>(one.entry, "Created", 0); };
    std::stable_sort(containers.begin(), containers.end(),
                     [&](const auto& left, const auto& right) { return created(left) > created(right); });
    if (containers.size() > count) containers.resize(count);
}

std::string image_text(const Json& entry) {
    return text(entry, "Image");
}

void print_table(const std::vector<ListedContainer>& containers, bool of_project, bool whole) {
    std::vector<Row> rows;
    for (const auto& one : containers) {
        const auto& entry = one.entry;
        const std::string command =
            "\"" + (whole ? text(entry, "Command") : shorten(text(entry, "Command"), 20)) + "\"";
        if (of_project)
            rows.push_back({one.name, image_text(entry), command, one.service, age(entry), text(entry, "Status"),
                            ports_text(entry)});
        else
            rows.push_back({whole ? one.id : short_id(one.id), image_text(entry), command, age(entry),
                            text(entry, "Status"), ports_text(entry), one.name});
    }
    print(of_project ? format_table({"NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"}, rows)
                     : format_table({"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}, rows));
}

int list_containers(Context& context, const Arguments& arguments) {
    auto project = find_project_name(context);
    if (!project && !arguments.words.empty()) project = project_name(context);  // says what is missing
    const auto last = arguments.flag("latest") ? std::optional(1L) : arguments.number("last");
    const bool all = arguments.flag("all") || last || arguments.has("status") || arguments.has("filter");
    auto shown = list_containers(context, project, all, filters_of(arguments));
    if (project) std::erase_if(shown, [&](const auto& one) { return !is_asked(one, arguments.words); });
    if (last) keep_newest(shown, static_cast<std::size_t>(std::max(*last, 0L)));
    std::vector<Json> rows;
    if (arguments.get("format").find("{{") != std::string::npos)
        for (const auto& one : shown) rows.push_back(template_row(one, arguments.flag("no-trunc")));
    if (print_by_template(arguments, template_titles, rows)) return 0;
    if (arguments.flag("services")) {
        std::set<std::string> services;
        for (const auto& container : shown) services.insert(container.service);
        for (const auto& service : services) print(escape_for_terminal(service) + "\n");
    } else if (arguments.flag("quiet")) {
        for (const auto& container : shown)
            print((project || arguments.flag("no-trunc") ? container.id : short_id(container.id)) + "\n");
    } else if (wants_json(arguments)) {
        Json array = Json::array();
        for (const auto& container : shown) array.push_back(as_json(container));
        print_json(array);
    } else {
        print_table(shown, project.has_value(), arguments.flag("no-trunc"));
    }
    return 0;
}

}  // namespace

std::vector<Command> stack_list_commands() {
    return {{.name = "ps",
             .words = "[SERVICE...]",
             .summary = "list the stack's containers; outside of a project all containers",
             .options = {{"-a, --all", "", "stopped ones too"},
                         {"-q, --quiet", "", "only ids"},
                         {"--services", "", "only names of services"},
                         {"--status", "STATUS", "only with this status: running, exited, ...; may be repeated"},
                         {"--filter", "KEY=VALUE",
                          "status=, name=, label=, network=, volume=, health=, ancestor=, ...; may be repeated"},
                         {"-n, --last", "N", "the N newest ones, running or not"},
                         {"-l, --latest", "", "the newest one"},
                         {"--no-trunc", "", "whole ids and commands"},
                         format_option},
             .run = list_containers,
             .of_stack = true}};
}

}  // namespace hoist::cli
