// SPDX-License-Identifier: Apache-2.0
// hoist attach
#include "cli/attach.h"

#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/session.h"
#include "cli/targets.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// What a container is, as far as an attached terminal needs to know.
struct Attachable {
    std::string id, name;
    bool tty = false, open_stdin = false;
};

Attachable attachable(const Client& client, const std::string& word) {
    const Json details = client.get(container_path(word, "json"));
    const Json& state = details.at("State");
    Attachable found{.id = details.value("Id", ""), .name = details.value("Name", "").substr(1)};
    if (state.value("Paused", false))
        fail(Kind::conflict, "container {} is paused: hoist unpause {}", found.name, found.name);
    if (state.value("Status", "") != "running")
        fail(Kind::conflict, "container {} is not running: hoist start {}", found.name, found.name);
    found.tty = details.at("Config").value("Tty", false);
    found.open_stdin = details.at("Config").value("OpenStdin", false);
    return found;
}

int attach(Context& context, const Arguments& arguments) {
    const auto& client = context.client();
    const auto one = attachable(client, find_container(context, arguments.words.front(), arguments.number("index")));
    const bool stdin_ = one.open_stdin && !arguments.flag("no-stdin");
    if (one.tty && stdin_ && !is_terminal(STDIN_FILENO))
        throw UsageError("attach: the container has a terminal, but standard input is none; see --no-stdin");
    const auto keys = arguments.get("detach-keys");
    Answer exit = client.stream("POST", container_path(one.id, "wait?condition=next-exit"));
    Answer output = client.stream("POST", container_path(one.id, attach_target(stdin_, keys)), std::nullopt, true);
    const auto resize = [&](TerminalSize size) {
        client.open("POST", container_path(one.id, fmt::format("resize?h={}&w={}", size.rows, size.columns)));
    };
    const SessionEnd end = run_session(output, {.tty = one.tty,
                                                .stdin_ = stdin_,
                                                .detach_keys = keys,
                                                .resize = resize,
                                                .pass_signal = signal_sender(client, one.id, arguments)});
    if (end == SessionEnd::detached) return 0;
    return json_value(parse_json(trim(exit.read_all()), "the daemon's answer"), "StatusCode", 0);
}

}  // namespace

std::string attach_target(bool stdin_, const std::string& detach_keys) {
    wire::Query query;
    query.add("stream", "1").add("stdout", "1").add("stderr", "1");
    if (stdin_) query.add("stdin", "1");
    if (!detach_keys.empty()) query.add("detachKeys", detach_keys);
    return "attach?" + query.str();
}

std::function<void(int)> signal_sender(const Client& client, const std::string& id, const Arguments& arguments) {
    if (arguments.has("sig-proxy") && !arguments.flag("sig-proxy")) return {};
    return
        [&client, id](int signal) { client.open("POST", container_path(id, fmt::format("kill?signal={}", signal))); };
}

std::vector<Command> attach_commands() {
    return {{.name = "attach",
             .words = "SERVICE|CONTAINER",
             .summary = "join the streams of a container's own process",
             .options = {{"--no-stdin", "", "do not pass standard input on"},
                         {"--index", "N", "this replica"},
                         detach_keys_option,
                         sig_proxy_option},
             .least_words = 1,
             .most_words = 1,
             .run = attach,
             .of_stack = true}};
}

}  // namespace hoist::cli
