// SPDX-License-Identifier: Apache-2.0
// hoist port
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/targets.h"

namespace hoist::cli {
namespace {

/// "80" and "80/tcp" both mean 80/tcp.
std::string with_protocol(const std::string& port) {
    return port.find('/') == std::string::npos ? port + "/tcp" : port;
}

std::string address(const Json& binding) {
    const auto ip = json_value<std::string>(binding, "HostIp", "");
    return (ip.empty() ? "0.0.0.0" : ip) + ":" + json_value<std::string>(binding, "HostPort", "");
}

int port(Context& context, const Arguments& arguments) {
    const auto name = find_container(context, arguments.words[0], arguments.number("index"));
    const Json facts = context.client().get(container_path(name, "json"));
    const Json ports =
        json_value<Json>(json_value<Json>(facts, "NetworkSettings", Json::object()), "Ports", Json::object());
    const auto wanted =
        arguments.words.size() > 1
            ? std::optional(with_protocol(arguments.words[1] +
                                          (arguments.has("protocol") ? "/" + arguments.get("protocol") : "")))
            : std::nullopt;
    bool found = false;
    for (const auto& [inner, bindings] : ports.items()) {
        if (!bindings.is_array() || (wanted && inner != *wanted)) continue;
        for (const auto& binding : bindings) {
            found = true;
            print(wanted ? address(binding) + "\n" : fmt::format("{} -> {}\n", inner, address(binding)));
        }
    }
    if (wanted && !found) fail(Kind::not_found, "container {} does not publish port {}", arguments.words[0], *wanted);
    return 0;
}

}  // namespace

std::vector<Command> port_commands() {
    return {{.name = "port",
             .words = "SERVICE|CONTAINER [PORT[/PROTOCOL]]",
             .summary = "where published ports are reached",
             .options = {{"--index", "N", "of this replica"}, {"--protocol", "PROTOCOL", "tcp or udp"}},
             .least_words = 1,
             .most_words = 2,
             .run = port,
             .of_stack = true}};
}

}  // namespace hoist::cli
