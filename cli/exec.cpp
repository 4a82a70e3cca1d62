// SPDX-License-Identifier: Apache-2.0
// hoist exec
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/session.h"
#include "cli/targets.h"

namespace hoist::cli {
namespace {

/// A terminal if the user sits at one, as compose does; -T and -t decide otherwise.
bool wants_terminal(const Arguments& arguments) {
    if (arguments.flag("no-tty") && arguments.flag("tty")) throw UsageError("-t and -T exclude each other");
    if (arguments.flag("no-tty") || arguments.flag("detach")) return false;
    return arguments.flag("tty") || (is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO));
}

Json exec_body(const Arguments& arguments, bool tty, bool stdin_) {
    Json body = {{"Cmd", std::vector<std::string>(arguments.words.begin() + 1, arguments.words.end())},
                 {"Env", arguments.all("env")},
                 {"User", arguments.get("user")},
                 {"WorkingDir", arguments.get("workdir")},
                 {"Tty", tty},
                 {"Privileged", arguments.flag("privileged")},
                 {"AttachStdin", stdin_},
                 {"DetachKeys", arguments.get("detach-keys")},
                 {"AttachStdout", true},
                 {"AttachStderr", true}};
    return body;
}

int exec(Context& context, const Arguments& arguments) {
    const bool detach = arguments.flag("detach"), tty = wants_terminal(arguments);
    const bool stdin_ = !detach;
    const auto container = find_container(context, arguments.words.front(), arguments.number("index"));
    const auto& client = context.client();
    const Json made = client.call("POST", container_path(container, "exec"), exec_body(arguments, tty, stdin_));
    const auto id = json_value<std::string>(made, "Id", "");
    Json start = {{"Detach", detach}, {"Tty", tty}};
    if (tty) {
        const auto size = terminal_size(STDOUT_FILENO);
        start["ConsoleSize"] = {size.rows, size.columns};
    }
    if (detach) {
        client.call("POST", "/exec/" + id + "/start", start);
        return 0;
    }
    Answer stream = client.stream("POST", "/exec/" + id + "/start", start, true);
    const auto resize = [&](TerminalSize size) {
        try {
            client.call("POST", "/exec/" + id + fmt::format("/resize?h={}&w={}", size.rows, size.columns));
        } catch (const Error&) {  // it may have ended: then the size is nobody's business
        }
    };
    const SessionEnd end = run_session(
        stream, {.tty = tty, .stdin_ = stdin_, .detach_keys = arguments.get("detach-keys"), .resize = resize});
    if (end == SessionEnd::detached) return 0;
    const Json ended = client.get("/exec/" + id + "/json");
    return json_value(ended, "ExitCode", 0);
}

}  // namespace

std::vector<Command> exec_commands() {
    return {{.name = "exec",
             .words = "SERVICE|CONTAINER COMMAND [ARGUMENT...]",
             .summary = "run a command in a running container",
             .options = {{"-i, --interactive", "", "pass standard input on (always so)"},
                         {"-t, --tty", "", "with a terminal, even if standard input is none"},
                         {"-T, --no-tty", "", "without a terminal"},
                         {"-d, --detach", "", "in the background"},
                         {"-u, --user", "USER", "as this user"},
                         {"-w, --workdir", "DIR", "in this directory"},
                         {"-e, --env", "NAME=VALUE", "with this variable; may be repeated"},
                         {"--privileged", "", "with all capabilities"},
                         detach_keys_option,
                         {"--index", "N", "in this replica"}},
             .least_words = 2,
             .options_end = OptionsEnd::first_word,
             .run = exec,
             .of_stack = true}};
}

}  // namespace hoist::cli
