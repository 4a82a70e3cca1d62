// SPDX-License-Identifier: Apache-2.0
// hoist volume ls, create, rm
#include "base/error.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/format.h"
#include "cli/table.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

int list_volumes(Context& context, const Arguments& arguments) {
    const Json volumes = json_value<Json>(context.client().get("/volumes"), "Volumes", Json::array());
    if (wants_json(arguments)) {
        print_json(volumes);
        return 0;
    }
    std::vector<Json> facts;
    for (Json volume : volumes) {
        volume["LabelMap"] = json_value<Json>(volume, "Labels", Json::object());
        facts.push_back(std::move(volume));
    }
    if (print_by_template(
            arguments,
            {{"Name", "VOLUME NAME"}, {"Driver", "DRIVER"}, {"Mountpoint", "MOUNTPOINT"}, {"Scope", "SCOPE"}}, facts))
        return 0;
    std::vector<Row> rows;
    for (const auto& volume : volumes)
        rows.push_back({json_value<std::string>(volume, "Driver", ""), json_value<std::string>(volume, "Name", "")});
    if (arguments.flag("quiet"))
        for (const auto& row : rows) print(row[1] + "\n");
    else
        print(format_table({"DRIVER", "VOLUME NAME"}, rows));
    return 0;
}

int create_volume(Context& context, const Arguments& arguments) {
    Json body = {{"Name", arguments.words.empty() ? "" : arguments.words[0]}, {"Labels", Json::object()}};
    for (const auto& text : arguments.all("label")) {
        const auto equals = text.find('=');
        body["Labels"][text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
    }
    const Json made = context.client().call("POST", "/volumes/create", body);
    print(json_value<std::string>(made, "Name", "") + "\n");
    return 0;
}

int remove_volumes(Context& context, const Arguments& arguments) {
    return for_each_name(arguments.words, [&](const std::string& name) {
        context.client().call("DELETE", "/volumes/" + wire::percent_encode(name));
        return name;
    });
}

}  // namespace

std::vector<Command> volume_commands() {
    return {{.name = "volume ls",
             .summary = "list volumes",
             .options = {{"-q, --quiet", "", "only names"}, format_option},
             .most_words = 0,
             .run = list_volumes},
            {.name = "volume create",
             .words = "[NAME]",
             .summary = "create a volume",
             .options = {{"--label", "NAME=VALUE", "may be repeated"}},
             .most_words = 1,
             .run = create_volume},
            {.name = "volume rm",
             .words = "VOLUME...",
             .summary = "remove volumes",
             .least_words = 1,
             .run = remove_volumes}};
}

}  // namespace hoist::cli
