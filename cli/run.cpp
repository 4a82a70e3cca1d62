// SPDX-License-Identifier: Apache-2.0
// hoist run, create
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/attach.h"
#include "cli/command.h"
#include "cli/creation_options.h"
#include "cli/pull.h"
#include "cli/resource_options.h"
#include "cli/run.h"
#include "cli/session.h"
#include "cli/targets.h"
#include "cli/terminal.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

/// "-e NAME" takes the value from our environment.
std::vector<std::string> environment_of(const Arguments& arguments) {
    std::vector<std::string> variables;
    for (const auto& text : arguments.all("env")) {
        if (text.find('=') != std::string::npos)
            variables.push_back(text);
        else if (const char* value = std::getenv(text.c_str()))
            variables.push_back(text + "=" + value);
    }
    return variables;
}

Json labels_of(const Arguments& arguments) {
    Json labels = Json::object();
    for (const auto& text : arguments.all("label")) {
        const auto equals = text.find('=');
        labels[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
    }
    return labels;
}

/// Adds "[ip:][host:]container[/protocol]" to PortBindings.
void add_port(Json& bindings, const std::string& text) {
    const auto slash = text.find('/');
    const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
    const auto parts = split(text.substr(0, slash), ':');
    if (parts.size() > 3 || parts.back().empty())
        throw UsageError(fmt::format("-p: '{}' is not [IP:][HOST:]CONTAINER[/PROTOCOL]", escape_for_terminal(text)));
    const std::string host = parts.size() > 1 ? parts[parts.size() - 2] : "";
    bindings[parts.back() + "/" + protocol].push_back(
        {{"HostIp", parts.size() == 3 ? parts[0] : ""}, {"HostPort", host}});
}

/// "./site:/srv" as the daemon wants it: absolute.
std::string bind_of(const std::string& text) {
    if (text.rfind("./", 0) != 0 && text.rfind("../", 0) != 0) return text;
    const auto colon = text.find(':');
    std::array<char, 4096> here{};
    if (!::getcwd(here.data(), here.size())) fail_errno(errno, "find the current directory");
    return clean_path(std::string(here.data()) + "/" + text.substr(0, colon)) +
           (colon == std::string::npos ? "" : text.substr(colon));
}

Json host_config(const Arguments& arguments) {
    Json host = {{"AutoRemove", arguments.flag("rm")},
                 {"NetworkMode", arguments.get("network", "default")},
                 {"Init", arguments.flag("init")},
                 {"ReadonlyRootfs", arguments.flag("read-only")},
                 {"Privileged", arguments.flag("privileged")},
                 {"CapAdd", arguments.all("cap-add")},
                 {"CapDrop", arguments.all("cap-drop")},
                 {"SecurityOpt", arguments.all("security-opt")}};
    Json bindings = Json::object(), binds = Json::array(), tmpfs = Json::object();
    for (const auto& text : arguments.all("publish")) add_port(bindings, text);
    for (const auto& text : arguments.all("tmpfs")) {
        const auto colon = text.find(':');
        tmpfs[text.substr(0, colon)] = colon == std::string::npos ? "" : text.substr(colon + 1);
    }
    for (const auto& text : arguments.all("volume"))
        if (text.find(':') != std::string::npos) binds.push_back(bind_of(text));
    host["PortBindings"] = std::move(bindings);
    host["Binds"] = std::move(binds);
    host["Tmpfs"] = std::move(tmpfs);
    if (arguments.has("restart")) host["RestartPolicy"] = restart_policy(arguments.get("restart"));
    add_resources(arguments, host);
    if (arguments.has("log-driver")) host["LogConfig"]["Type"] = arguments.get("log-driver");
    for (const auto& text : arguments.all("log-opt")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos)
            throw UsageError(fmt::format("--log-opt: '{}' is not NAME=VALUE", escape_for_terminal(text)));
        host["LogConfig"]["Config"][text.substr(0, equals)] = text.substr(equals + 1);
    }
    return host;
}

/// @param joined  whether we will pass standard input on: its end is then the container's
Json create_body(const Arguments& arguments, bool tty, bool joined) {
    Json body = {{"Image", arguments.words[0]},
                 {"Env", environment_of(arguments)},
                 {"Labels", labels_of(arguments)},
                 {"User", arguments.get("user")},
                 {"WorkingDir", arguments.get("workdir")},
                 {"Hostname", arguments.get("hostname")},
                 {"StopSignal", arguments.get("stop-signal")},
                 {"Tty", tty},
                 {"OpenStdin", arguments.flag("interactive")},
                 {"StdinOnce", joined},
                 {"HostConfig", host_config(arguments)}};
    if (arguments.words.size() > 1)
        body["Cmd"] = std::vector<std::string>(arguments.words.begin() + 1, arguments.words.end());
    if (tty) {
        const auto size = terminal_size(STDOUT_FILENO);
        body["HostConfig"]["ConsoleSize"] = {size.rows, size.columns};
    }
    if (arguments.has("entrypoint")) body["Entrypoint"] = std::vector<std::string>{arguments.get("entrypoint")};
    for (const auto& text : arguments.all("volume"))
        if (text.find(':') == std::string::npos) body["Volumes"][text] = Json::object();
    add_further_options(arguments, body);
    return body;
}

/// Brings the image here if --pull asks for it, or if it is missing.
void provide_image(Context& context, const Arguments& arguments) {
    const auto policy = parse_pull_policy(arguments.get("pull"));
    const auto& image = arguments.words[0];
    if (policy == PullPolicy::never || (policy == PullPolicy::missing && has_image(context, image))) return;
    try {
        pull_image(context, image, arguments.get("platform"));
    } catch (Error& error) {
        if (policy == PullPolicy::missing) error.during("no such image: {}", image);
        throw;
    }
}

std::string create_container(Context& context, const Arguments& arguments, bool tty, bool stdin_) {
    provide_image(context, arguments);
    const auto name = arguments.get("name");
    const std::string target = "/containers/create" + (name.empty() ? "" : "?name=" + wire::percent_encode(name));
    const Json made = context.client().call("POST", target, create_body(arguments, tty, stdin_));
    return json_value<std::string>(made, "Id", "");
}

}  // namespace

/// As docker: 127 and 126 for a command that cannot be run, 125 for what is the engine's.
int start_failed(const Error& error) {
    print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.message())));
    const std::string& text = error.message();
    const auto has = [&](const char* words) { return text.find(words) != std::string::npos; };
    if (has("executable file not found") || has("No such file or directory") || has("no such file or directory"))
        return 127;
    return has("ermission denied") || has("s a directory") ? 126 : 125;
}

int follow_new(Context& context, const Arguments& arguments, const std::string& id, bool tty, bool stdin_) {
    const auto& client = context.client();
    const auto keys = arguments.get("detach-keys");
    const std::string streams = attach_target(stdin_, keys);
    Answer output = client.stream("POST", container_path(id, streams), std::nullopt, true);
    Answer exit = client.stream(
        "POST", container_path(id, arguments.flag("rm") ? "wait?condition=removed" : "wait?condition=next-exit"));
    try {
        client.call("POST", container_path(id, "start"));
    } catch (const Error& error) {
        const int status = start_failed(error);
        if (arguments.flag("rm")) client.open("DELETE", container_path(id) + "?force=1&v=1");
        return status;
    }
    const auto resize = [&](TerminalSize size) {
        client.open("POST", container_path(id, fmt::format("resize?h={}&w={}", size.rows, size.columns)));
    };
    const SessionEnd end = run_session(output, {.tty = tty,
                                                .stdin_ = stdin_,
                                                .detach_keys = keys,
                                                .resize = resize,
                                                .pass_signal = signal_sender(client, id, arguments)});
    if (end == SessionEnd::detached) return 0;
    return json_value(parse_json(trim(exit.read_all()), "the daemon's answer"), "StatusCode", 0);
}

namespace {

int run_container(Context& context, const Arguments& arguments) {
    const bool detach = arguments.flag("detach");
    const bool tty = arguments.flag("tty"), stdin_ = arguments.flag("interactive") && !detach;
    std::string id;
    try {
        id = create_container(context, arguments, tty, stdin_);
    } catch (const Error& error) {
        print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.message())));
        return 125;
    }
    if (!detach) return follow_new(context, arguments, id, tty, stdin_);
    try {
        context.client().call("POST", container_path(id, "start"));
    } catch (const Error& error) {
        return start_failed(error);
    }
    print(id + "\n");
    return 0;
}

int create_only(Context& context, const Arguments& arguments) {
    print(create_container(context, arguments, arguments.flag("tty"), arguments.flag("interactive")) + "\n");
    return 0;
}

Options creation_options() {
    Options options = resource_options();
    const Options others = {{"--name", "NAME", "name of the container"},
                            {"--pull", "WHEN", "the image: missing (default), always, never"},
                            {"--platform", "OS/ARCH", "of the image to pull"},
                            {"--rm", "", "remove it when it ends"},
                            {"-i, --interactive", "", "pass standard input on"},
                            {"-t, --tty", "", "with a terminal"},
                            {"-e, --env", "NAME=VALUE", "variable; may be repeated"},
                            {"-v, --volume", "SOURCE:TARGET[:ro]", "volume or folder; may be repeated"},
                            {"--tmpfs", "TARGET", "memory file system; may be repeated"},
                            {"-p, --publish", "[IP:]HOST:CONTAINER", "published port; may be repeated"},
                            {"--network", "NAME", "network, or none, host, container:NAME"},
                            {"-w, --workdir", "DIR", "working directory"},
                            {"-u, --user", "USER", "user"},
                            {"--entrypoint", "PROGRAM", "in place of the image's"},
                            {"-l, --label", "NAME=VALUE", "label; may be repeated"},
                            {"--hostname", "NAME", "host name"},
                            {"--restart", "POLICY", "no, always, on-failure[:N], unless-stopped"},
                            {"--init", "", "with a small init as process 1"},
                            {"--read-only", "", "read-only root"},
                            {"--privileged", "", "with all rights on the host"},
                            {"--cap-add", "CAPABILITY", "may be repeated"},
                            {"--cap-drop", "CAPABILITY", "may be repeated"},
                            {"--security-opt", "OPTION", "may be repeated"},
                            {"--log-driver", "NAME", "local, json-file, journald or none"},
                            {"--log-opt", "NAME=VALUE", "max-size, max-file, mode, ...; may be repeated"},
                            {"--stop-signal", "SIGNAL", "signal that stops it"}};
    options.insert(options.begin(), others.begin(), others.end());
    const Options further = further_creation_options();
    options.insert(options.end(), further.begin(), further.end());
    return options;
}

}  // namespace

std::vector<Command> run_commands() {
    Options with_detach = creation_options();
    with_detach.insert(with_detach.begin(), {"-d, --detach", "", "in the background"});
    with_detach.insert(with_detach.end(), {detach_keys_option, sig_proxy_option});
    return {{.name = "run",
             .words = "IMAGE [COMMAND [ARGUMENT...]]",
             .summary = "create and start one container",
             .options = with_detach,
             .least_words = 1,
             .options_end = OptionsEnd::first_word,
             .run = run_container},
            {.name = "create",
             .words = "IMAGE [COMMAND [ARGUMENT...]]",
             .summary = "create one container",
             .options = creation_options(),
             .least_words = 1,
             .options_end = OptionsEnd::first_word,
             .run = create_only}};
}

}  // namespace hoist::cli
