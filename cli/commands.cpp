// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <csignal>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/daemon_start.h"
#include "cli/project_files.h"

namespace hoist::cli {

std::vector<Command> build_commands();

namespace {

const Options global_options = {
    {"-H, --host", "SOCKET", "the daemon's socket (HOIST_HOST)"},
    {"-f, --file", "FILE", "Compose file; may be repeated"},
    {"-p, --project-name", "NAME", "project name"},
    {"--project-directory", "DIR", "directory that relative paths start from"},
    {"--env-file", "FILE", "variables for ${...}; may be repeated"},
    {"--profile", "NAME", "enable a profile; may be repeated"},
    {"--ansi", "WHEN", "auto, always or never"},
    {"--progress", "KIND", "auto, tty, plain, json or quiet"},
    {"--diagnostics", "FORM", "of mistakes in files: rich, short (file:line:column: ...) or json"},
    {"-v, --version", "", "show the version"},
    {"-h, --help", "", "show this help"},
};

const std::vector<Command>& all_commands() {
    static const std::vector<Command> commands = [] {
        std::vector<Command> all;
        for (const auto& group :
             {stack_commands(),   kept_object_commands(), stack_list_commands(), pause_commands(),
              log_commands(),     exec_commands(),        copy_commands(),       port_commands(),
              prune_commands(),   attach_commands(),      config_commands(),     graph_commands(),
              compose_commands(), compose_run_commands(), watch_commands(),      container_commands(),
              update_commands(),  stats_commands(),       top_commands(),        run_commands(),
              image_commands(),   build_commands(),   network_commands(),     volume_commands(),     event_commands(),
              system_commands(),  image_archive_commands(), registry_commands()})
            all.insert(all.end(), group.begin(), group.end());
        return all;
    }();
    return commands;
}

Ansi parse_ansi(const std::string& word) {
    if (word == "auto") return Ansi::automatic;
    if (word == "always") return Ansi::always;
    if (word == "never") return Ansi::never;
    throw UsageError(fmt::format("--ansi: '{}' is none of auto, always, never", escape_for_terminal(word)));
}

compose::DiagnosticFormat parse_diagnostics(const std::string& word) {
    if (word == "rich") return compose::DiagnosticFormat::rich;
    if (word == "short") return compose::DiagnosticFormat::brief;
    if (word == "json") return compose::DiagnosticFormat::json;
    throw UsageError(fmt::format("--diagnostics: '{}' is none of rich, short, json", escape_for_terminal(word)));
}

void take_globals(const Arguments& given, Globals& to) {
    const auto append = [&](const char* key, std::vector<std::string>& list) {
        for (const auto& value : given.all(key)) list.push_back(value);
    };
    append("file", to.files);
    append("env-file", to.env_files);
    append("profile", to.profiles);
    to.host = given.get("host", to.host);
    to.project_name = given.get("project-name", to.project_name);
    to.project_directory = given.get("project-directory", to.project_directory);
    to.progress = given.get("progress", to.progress);
    if (given.has("diagnostics")) to.diagnostics = parse_diagnostics(given.get("diagnostics"));
    if (given.has("ansi")) to.ansi = parse_ansi(given.get("ansi"));
}

std::string list_commands(bool of_stack) {
    std::string text;
    for (const auto& command : all_commands())
        if (command.of_stack == of_stack && !command.only_compose)
            text += fmt::format("  {:<14} {}\n", command.name, command.summary);
    return text;
}

std::string general_help() {
    return "usage: hoist [options] COMMAND [arguments]\n\nstacks, from a compose.yaml (also as hoist compose "
           "COMMAND):\n" +
           list_commands(true) + "\ncontainers, images and the rest:\n" + list_commands(false) + "\noptions:\n" +
           describe(global_options) + "\nhoist COMMAND --help tells more of one.\n";
}

std::string help_of(const Command& command) {
    std::string text =
        fmt::format("usage: hoist {}{}{}\n\n{}\n", command.name, command.options.empty() ? "" : " [options]",
                    command.words.empty() ? "" : " " + std::string(command.words), command.summary);
    if (!command.options.empty()) text += "\noptions:\n" + describe(command.options);
    return text;
}

/// The command that the words begin with; "network create" takes two of them.
const Command* find_command(std::vector<std::string>& words, bool stack_only) {
    for (const auto& command : all_commands()) {
        const auto parts = split(command.name, ' ');
        if ((stack_only ? !command.of_stack : command.only_compose) || words.size() < parts.size()) continue;
        if (!std::equal(parts.begin(), parts.end(), words.begin())) continue;
        words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(parts.size()));
        return &command;
    }
    return nullptr;
}

/// Docker's longer spellings in our words: "container ls" is "ps", "image rm" is "rmi", "volume inspect" is
/// "inspect --type volume". Empty if the words are none.
std::vector<std::string> without_synonym(const std::vector<std::string>& words) {
    static const std::map<std::string, std::vector<std::string>> others = {{"container ls", {"ps"}},
                                                                           {"container list", {"ps"}},
                                                                           {"container ps", {"ps"}},
                                                                           {"container remove", {"rm"}},
                                                                           {"image ls", {"images"}},
                                                                           {"image list", {"images"}},
                                                                           {"image rm", {"rmi"}},
                                                                           {"image remove", {"rmi"}},
                                                                           {"network list", {"network", "ls"}},
                                                                           {"network remove", {"network", "rm"}},
                                                                           {"volume list", {"volume", "ls"}},
                                                                           {"volume remove", {"volume", "rm"}}};
    if (words.size() < 2) return {};
    const std::string &group = words[0], &verb = words[1];
    const std::vector<std::string> rest(words.begin() + 2, words.end());
    std::vector<std::string> ours;
    if (const auto it = others.find(group + " " + verb); it != others.end())
        ours = it->second;
    else if (verb == "inspect" && (group == "container" || group == "image" || group == "network" || group == "volume"))
        ours = {"inspect", "--type", group};
    else if (group == "container" || group == "image")
        ours = {verb};
    if (!ours.empty()) ours.insert(ours.end(), rest.begin(), rest.end());
    return ours;
}

[[noreturn]] void fail_unknown_command(const std::vector<std::string>& words) {
    const std::string word = words.front();
    std::string group, nearest;
    std::size_t best = 3;
    for (const auto& command : all_commands()) {
        const auto parts = split(command.name, ' ');
        if (parts.size() > 1 && parts[0] == word)
            group += fmt::format("\n  hoist {:<20} {}", command.name, command.summary);
        if (const auto distance = edit_distance(parts[0], word); distance < best) {
            best = distance;
            nearest = parts[0];
        }
    }
    if (!group.empty()) throw UsageError(fmt::format("'hoist {}' needs one more word:{}", word, group));
    throw UsageError(fmt::format("unknown command '{}'{}", escape_for_terminal(word),
                                 nearest.empty() ? "; see hoist --help" : fmt::format("; did you mean {}?", nearest)));
}

int run_found(const Command& command, const Globals& globals, const std::vector<std::string>& words) {
    Options options = command.options;
    options.push_back({"-h, --help", "", ""});
    // -h may be a command's own (none has it): --help always works.
    const Arguments arguments = parse_arguments(options, words, command.options_end);
    if (arguments.flag("help")) {
        print(help_of(command));
        return 0;
    }
    if (arguments.words.size() < command.least_words || arguments.words.size() > command.most_words)
        throw UsageError(fmt::format("usage: hoist {} {}", command.name, command.words));
    Context context(globals);
    try {
        return command.run(context, arguments);
    } catch (const compose::LoadError& error) {
        print_load_error(context, error);
        return 1;
    }
}

int dispatch(std::vector<std::string> words) {
    Globals globals;
    bool stack_only = false;
    for (;;) {
        const Arguments given = parse_arguments(global_options, words, OptionsEnd::first_word);
        take_globals(given, globals);
        words = given.words;
        if (given.flag("version")) words = {"version", "--short"};
        if (given.flag("help") || words.empty() || words.front() == "help") {
            print(general_help());
            return given.flag("help") || !words.empty() ? 0 : 2;
        }
        if (stack_only || words.front() != "compose") break;
        stack_only = true;
        words.erase(words.begin());
    }
    const auto all_words = words;
    const Command* command = find_command(words, stack_only);
    if (!command && !stack_only) {
        words = without_synonym(all_words);
        command = find_command(words, false);
    }
    if (!command) fail_unknown_command(all_words);
    return run_found(*command, globals, words);
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return dispatch(arguments);
    } catch (const UsageError& error) {
        print_error(fmt::format("hoist: {}\n", error.what()));
        return 2;
    } catch (const Error& error) {
        print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.message())));
        return 1;
    } catch (const std::exception& error) {
        print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.what())));
        return 1;
    }
}

}  // namespace hoist::cli
