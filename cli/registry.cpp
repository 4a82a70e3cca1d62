// SPDX-License-Identifier: Apache-2.0
// hoist pull, push, login, logout, search, manifest inspect
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/docker_config.h"
#include "cli/each.h"
#include "cli/json_lines.h"
#include "cli/project_files.h"
#include "cli/pull.h"
#include "cli/table.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

int pull(Context& context, const Arguments& arguments) {
    if (arguments.words.empty() || (arguments.words.size() > 0 && find_project_name(context) &&
                                    arguments.words[0].find_first_of(":/.") == std::string::npos)) {
        const auto project = load_project(context, {.services = arguments.words});
        if (arguments.words.empty() || project.services.contains(arguments.words[0])) {
            pull_for_project(context, project, PullPolicy::always);
            return 0;
        }
    }
    return for_each_name(arguments.words, [&](const std::string& name) {
        pull_image(context, name, arguments.get("platform"));
        return arguments.flag("quiet") ? std::string() : name;
    });
}

/// Prints the daemon's lines as docker does where there is no terminal.
void show_push(Answer answer) {
    read_json_lines(answer, [](const Json& line) {
        const auto status = json_value(line, "status", std::string{}), id = json_value(line, "id", std::string{});
        if (status.empty() || status == "Pushing" || status == "Preparing") return;
        print(escape_for_terminal(id.empty() ? status : id + ": " + status) + "\n");
    });
}

int push(Context& context, const Arguments& arguments) {
    return for_each_name(arguments.words, [&](const std::string& name) {
        const auto slash = name.rfind('/');
        const auto colon = name.find(':', slash == std::string::npos ? 0 : slash);
        const std::string tag = colon == std::string::npos ? "latest" : name.substr(colon + 1);
        const std::string target =
            "/images/" + wire::percent_encode(name.substr(0, colon)) + "/push?tag=" + wire::percent_encode(tag);
        show_push(context.client().stream("POST", target, std::nullopt, false,
                                          DockerConfig().auth_header(registry_of(name))));
        return std::string();
    });
}

std::string read_password(const Arguments& arguments) {
    if (arguments.has("password")) return arguments.get("password");
    if (!arguments.flag("password-stdin") && !is_terminal(STDIN_FILENO))
        throw UsageError("login: give the password with --password-stdin");
    termios before{};
    const bool quiet = is_terminal(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (quiet) {
        termios silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        print_error("Password: ");
    }
    std::string text;
    char c = 0;
    while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') text += c;
    if (quiet) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        print_error("\n");
    }
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

std::string read_user() {
    print_error("Username: ");
    std::string text;
    char c = 0;
    while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') text += c;
    return text;
}

int login(Context& context, const Arguments& arguments) {
    const std::string registry = arguments.words.empty() ? "docker.io" : registry_of(arguments.words[0] + "/x");
    const std::string user = arguments.has("username") ? arguments.get("username") : read_user();
    const std::string password = read_password(arguments);
    if (user.empty() || password.empty()) throw UsageError("login: user and password must not be empty");
    context.client().call("POST", "/auth",
                          Json{{"username", user}, {"password", password}, {"serveraddress", registry}});
    DockerConfig().store(registry, user, password);
    print("Login Succeeded\n");
    return 0;
}

int logout(Context&, const Arguments& arguments) {
    const std::string registry = arguments.words.empty() ? "docker.io" : registry_of(arguments.words[0] + "/x");
    const bool known = DockerConfig().forget(registry);
    print((known ? "Removed the login for " : "Not logged in to ") + escape_for_terminal(registry) + "\n");
    return 0;
}

int search(Context& context, const Arguments& arguments) {
    wire::Query query;
    query.add("term", arguments.words[0]).add("limit", arguments.get("limit", "25"));
    Answer answer = context.client().stream("GET", "/images/search?" + query.str(), std::nullopt, false,
                                            DockerConfig().auth_header(registry_of(arguments.words[0])));
    const Json found = parse_json(trim(answer.read_all()), "the daemon's answer");
    if (wants_json(arguments)) {
        print_json(found);
        return 0;
    }
    std::vector<Row> rows;
    for (const auto& entry : found)
        rows.push_back({json_value(entry, "name", std::string{}), json_value(entry, "description", std::string{}),
                        std::to_string(json_value(entry, "star_count", 0)),
                        json_value(entry, "is_official", false) ? "[OK]" : ""});
    print(format_table({"NAME", "DESCRIPTION", "STARS", "OFFICIAL"}, rows));
    return 0;
}

int inspect_manifest(Context& context, const Arguments& arguments) {
    const auto& name = arguments.words[0];
    Answer answer = context.client().stream("GET", "/hoist/v1/manifests/" + wire::percent_encode(name), std::nullopt,
                                            false, DockerConfig().auth_header(registry_of(name)));
    print_json(parse_json(trim(answer.read_all()), "the daemon's answer"));
    return 0;
}

}  // namespace

std::vector<Command> registry_commands() {
    return {{.name = "pull",
             .words = "[IMAGE|SERVICE...]",
             .summary = "bring images here from their registries; without words: those of the stack",
             .options = {{"--platform", "OS/ARCH", "another one than this machine's"},
                         {"-q, --quiet", "", "print no names"}},
             .run = pull,
             .of_stack = true},
            {.name = "push",
             .words = "IMAGE...",
             .summary = "send images to their registries",
             .least_words = 1,
             .run = push},
            {.name = "login",
             .words = "[REGISTRY]",
             .summary = "keep the credentials for a registry, if it accepts them",
             .options = {{"-u, --username", "NAME", "user"},
                         {"-p, --password", "PASSWORD", "password; others can see it in the list of processes"},
                         {"--password-stdin", "", "read the password from standard input"}},
             .most_words = 1,
             .run = login},
            {.name = "logout",
             .words = "[REGISTRY]",
             .summary = "forget the credentials for a registry",
             .most_words = 1,
             .run = logout},
            {.name = "search",
             .words = "TERM",
             .summary = "find images on Docker Hub, or on a registry (REGISTRY/TERM)",
             .options = {{"--limit", "N", "at most so many; default 25"}, format_option},
             .least_words = 1,
             .most_words = 1,
             .run = search},
            {.name = "manifest inspect",
             .words = "IMAGE",
             .summary = "the manifest or index that a registry has, as JSON",
             .least_words = 1,
             .most_words = 1,
             .run = inspect_manifest}};
}

}  // namespace hoist::cli
