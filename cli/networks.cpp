// SPDX-License-Identifier: Apache-2.0
// hoist network ls, create, rm
#include "base/error.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/format.h"
#include "cli/table.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

int list_networks(Context& context, const Arguments& arguments) {
    const Json networks = context.client().get("/networks");
    if (wants_json(arguments)) {
        print_json(networks);
        return 0;
    }
    std::vector<Json> facts;
    for (Json network : networks) {
        network["ID"] = short_id(json_value<std::string>(network, "Id", ""));
        network["LabelMap"] = json_value<Json>(network, "Labels", Json::object());
        facts.push_back(std::move(network));
    }
    if (print_by_template(arguments, {{"ID", "NETWORK ID"}, {"Name", "NAME"}, {"Driver", "DRIVER"}, {"Scope", "SCOPE"}},
                          facts))
        return 0;
    std::vector<Row> rows;
    for (const auto& network : networks) {
        std::string subnet;
        for (const auto& pool : network["IPAM"]["Config"]) subnet = json_value<std::string>(pool, "Subnet", "");
        rows.push_back({short_id(json_value<std::string>(network, "Id", "")),
                        json_value<std::string>(network, "Name", ""), json_value<std::string>(network, "Driver", ""),
                        subnet});
    }
    if (arguments.flag("quiet"))
        for (const auto& row : rows) print(row[0] + "\n");
    else
        print(format_table({"NETWORK ID", "NAME", "DRIVER", "SUBNET"}, rows));
    return 0;
}

Json labels_of_network(const Arguments& arguments) {
    Json labels = Json::object();
    for (const auto& text : arguments.all("label")) {
        const auto equals = text.find('=');
        labels[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
    }
    return labels;
}

int create_network(Context& context, const Arguments& arguments) {
    Json body = {{"Name", arguments.words[0]},
                 {"Driver", arguments.get("driver", "bridge")},
                 {"Internal", arguments.flag("internal")},
                 {"Labels", labels_of_network(arguments)}};
    if (arguments.has("subnet")) {
        Json pool = {{"Subnet", arguments.get("subnet")}};
        if (arguments.has("gateway")) pool["Gateway"] = arguments.get("gateway");
        if (arguments.has("ip-range")) pool["IPRange"] = arguments.get("ip-range");
        body["IPAM"]["Config"].push_back(std::move(pool));
    } else if (arguments.has("gateway") || arguments.has("ip-range")) {
        throw UsageError("--gateway and --ip-range need --subnet");
    }
    const Json made = context.client().call("POST", "/networks/create", body);
    print(json_value<std::string>(made, "Id", "") + "\n");
    return 0;
}

int remove_networks(Context& context, const Arguments& arguments) {
    return for_each_name(arguments.words, [&](const std::string& name) {
        context.client().call("DELETE", "/networks/" + wire::percent_encode(name));
        return name;
    });
}

int connect(Context& context, const Arguments& arguments) {
    Json settings = {{"Aliases", arguments.all("alias")}};
    if (arguments.has("ip")) settings["IPAMConfig"] = {{"IPv4Address", arguments.get("ip")}};
    const Json body = {{"Container", arguments.words[1]}, {"EndpointConfig", std::move(settings)}};
    context.client().call("POST", "/networks/" + wire::percent_encode(arguments.words[0]) + "/connect", body);
    return 0;
}

int disconnect(Context& context, const Arguments& arguments) {
    const Json body = {{"Container", arguments.words[1]}, {"Force", arguments.flag("force")}};
    context.client().call("POST", "/networks/" + wire::percent_encode(arguments.words[0]) + "/disconnect", body);
    return 0;
}

}  // namespace

std::vector<Command> network_commands() {
    return {{.name = "network connect",
             .words = "NETWORK CONTAINER",
             .summary = "connect a container to a network, while it runs too",
             .options = {{"--ip", "ADDRESS", "with this address; default: a free one"},
                         {"--alias", "NAME", "known there by this name too; may be repeated"}},
             .least_words = 2,
             .most_words = 2,
             .run = connect},
            {.name = "network disconnect",
             .words = "NETWORK CONTAINER",
             .summary = "disconnect a container from a network",
             .options = {{"-f, --force", "", "has no further effect"}},
             .least_words = 2,
             .most_words = 2,
             .run = disconnect},
            {.name = "network ls",
             .summary = "list networks",
             .options = {{"-q, --quiet", "", "only ids"}, format_option},
             .most_words = 0,
             .run = list_networks},
            {.name = "network create",
             .words = "NAME",
             .summary = "create a network",
             .options = {{"-d, --driver", "DRIVER", "bridge"},
                         {"--subnet", "SUBNET", "such as 172.28.0.0/16; default: a free one"},
                         {"--gateway", "ADDRESS", "default: the first address"},
                         {"--ip-range", "SUBNET", "part that addresses are leased from"},
                         {"--internal", "", "without a way out"},
                         {"--label", "NAME=VALUE", "may be repeated"}},
             .least_words = 1,
             .most_words = 1,
             .run = create_network},
            {.name = "network rm",
             .words = "NETWORK...",
             .summary = "remove networks",
             .least_words = 1,
             .run = remove_networks}};
}

}  // namespace hoist::cli
