#pragma once
// SPDX-License-Identifier: Apache-2.0
// What every command is given, and the table that they are registered in.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/http.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "compose/diagnostic.h"

namespace hoist::cli {

/// Options before the command's name.
struct Globals {
    std::string host;
    std::vector<std::string> files, env_files, profiles;
    std::string project_name, project_directory;
    Ansi ansi = Ansi::automatic;
    std::string progress = "auto";
    compose::DiagnosticFormat diagnostics = compose::DiagnosticFormat::rich;
};

/// One run of the program.
class Context {
public:
    explicit Context(Globals given) : globals(std::move(given)) {}
    Globals globals;

    /// The daemon, connected (and started) at the first use.
    const Client& client();
    bool color_out() const { return use_color(globals.ansi, 1); }
    bool color_err() const { return use_color(globals.ansi, 2); }
    ProgressMode progress_mode() const;

private:
    std::optional<Client> client_;
};

struct Command {
    std::string_view name;
    std::string_view words;  ///< "[SERVICE...]" for the help
    std::string_view summary;
    Options options;
    std::size_t least_words = 0, most_words = 1000;
    OptionsEnd options_end = OptionsEnd::nowhere;
    int (*run)(Context&, const Arguments&) = nullptr;
    bool of_stack = false;      ///< also under `hoist compose`
    bool only_compose = false;  ///< only there: the plain name is another command's
};

// One function per file of commands.
std::vector<Command> stack_commands();
std::vector<Command> stack_list_commands();
std::vector<Command> pause_commands();
std::vector<Command> update_commands();
std::vector<Command> stats_commands();
std::vector<Command> top_commands();
std::vector<Command> config_commands();
std::vector<Command> graph_commands();
std::vector<Command> compose_commands();
std::vector<Command> compose_run_commands();
std::vector<Command> watch_commands();
std::vector<Command> log_commands();
std::vector<Command> exec_commands();
std::vector<Command> copy_commands();
std::vector<Command> prune_commands();
std::vector<Command> port_commands();
std::vector<Command> attach_commands();
std::vector<Command> container_commands();
std::vector<Command> run_commands();
std::vector<Command> image_commands();
std::vector<Command> image_archive_commands();
std::vector<Command> registry_commands();
std::vector<Command> network_commands();
std::vector<Command> volume_commands();
std::vector<Command> kept_object_commands();
std::vector<Command> system_commands();
std::vector<Command> event_commands();

/// The option of all that join a terminal.
inline const Option detach_keys_option{"--detach-keys", "KEYS", "let go of it with these; default ctrl-p,ctrl-q"};
/// The option that all lists have.
inline const Option format_option{"--format", "FORMAT", "table, json, or a template such as '{{.Name}}'"};
/// Whether --format asks for JSON; not for a table or a template. @throws UsageError for another word
bool wants_json(const Arguments& arguments);
/// Prints a value as indented JSON.
void print_json(const Json& value);

}  // namespace hoist::cli
