// SPDX-License-Identifier: Apache-2.0
// hoist config, config why, explain, plan
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/project_files.h"
#include "cli/table.h"
#include "compose/explain.h"
#include "compose/variables.h"
#include "compose/why.h"
#include "compose/write_yaml.h"
#include "wire/project_messages.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

std::string line(const std::string& text) {
    return escape_for_terminal(text) + "\n";
}

std::string hashes(const compose::Project& project, const std::string& which) {
    const auto wanted = split(which, ',');
    std::string text;
    for (const auto& [name, service] : project.services)
        if (which == "*" || std::find(wanted.begin(), wanted.end(), name) != wanted.end())
            text += fmt::format("{} {}\n", escape_for_terminal(name), compose::config_hash(service));
    return text;
}

template <class Map>
std::string names(const Map& map) {
    std::string text;
    for (const auto& [name, unused] : map) text += line(name);
    return text;
}

std::string profiles(const compose::Project& project) {
    std::map<std::string, int> all;
    for (const auto& [name, service] : project.services)
        for (const auto& profile : service.profiles) ++all[profile];
    return names(all);
}

/// The lists that can be asked for; nullopt if none was.
std::optional<std::string> asked_list(const compose::Project& project, const Arguments& arguments) {
    std::string text;
    if (arguments.flag("services")) {
        for (const auto& name : compose::dependency_order(project)) text += line(name);
        return text;
    }
    if (arguments.flag("images")) {
        for (const auto& [name, service] : project.services) text += line(service.image);
        return text;
    }
    if (arguments.flag("volumes")) return names(project.volumes);
    if (arguments.flag("networks")) return names(project.networks);
    if (arguments.flag("profiles")) return profiles(project);
    if (arguments.flag("models")) return project.models.is_object() ? names(project.models.items()) : "";
    if (arguments.has("hash")) return hashes(project, arguments.get("hash"));
    return std::nullopt;
}

std::string variables(const compose::LoadOptions& options, bool as_json) {
    const auto used = compose::variables_used(options, compose::disk_reader());
    if (as_json) {
        Json all = Json::object();
        for (const auto& [name, use] : used)
            all[name] = {{"Name", name},
                         {"Required", use.required},
                         {"DefaultValue", use.fallback},
                         {"PresenceValue", use.alternate},
                         {"Value", use.set ? Json(use.value) : Json()},
                         {"File", use.file},
                         {"Line", use.line}};
        return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    std::vector<Row> rows;
    for (const auto& [name, use] : used)
        rows.push_back({name, use.required ? "true" : "false", use.fallback, use.alternate,
                        fmt::format("{}:{}", use.file, use.line)});
    return format_table({"NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE", "USED IN"}, rows);
}

/// What ${} sees, without what only the shell has to do with.
std::string environment_text(const compose::LoadOptions& options) {
    std::string text;
    for (const auto& [name, use] : compose::variables_used(options, compose::disk_reader()))
        if (use.set) text += line(name + "=" + use.value);
    return text;
}

void write_result(const Arguments& arguments, const std::string& text) {
    if (arguments.has("output"))
        write_file_atomic(arguments.get("output"), text, 0644, Durable::no);
    else
        print(text);
}

std::string document(const nlohmann::ordered_json& value, const std::string& format) {
    if (format == "json") return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    return compose::write_yaml(value);
}

/// The form of the answer; a form of diagnostics may be asked for in its place, as editors do.
std::string answer_format(Context& context, const Arguments& arguments) {
    auto format = arguments.get("format", "yaml");
    if (format != "yaml" && format != "json" && format != "short")
        throw UsageError(fmt::format("--format: '{}' is none of yaml, json, short", escape_for_terminal(format)));
    if (format == "json") context.globals.diagnostics = compose::DiagnosticFormat::json;
    if (format == "short") context.globals.diagnostics = compose::DiagnosticFormat::brief;
    return format == "short" ? "yaml" : format;
}

int config(Context& context, const Arguments& arguments) {
    const std::string format = answer_format(context, arguments);
    for (const char* flag : {"resolve-image-digests", "lock-image-digests"})
        if (arguments.flag(flag))
            throw UsageError(
                fmt::format("--{}: digests are not looked up here; `hoist images --digests` shows those "
                            "of local images",
                            flag));
    auto options = load_options(context, {.services = arguments.words});
    options.interpolate = !arguments.flag("no-interpolate");
    options.resolve_paths = !arguments.flag("no-path-resolution");
    options.check = !arguments.flag("no-consistency");
    options.keep_unused = arguments.flag("all-resources");
    options.all_profiles = arguments.flag("profiles");
    if (arguments.flag("variables") || arguments.flag("environment")) {
        write_result(arguments,
                     arguments.flag("variables") ? variables(options, format == "json") : environment_text(options));
        return 0;
    }
    if (!options.interpolate) {
        const auto tree = compose::load_tree(options, compose::disk_reader());
        if (!arguments.flag("quiet")) write_result(arguments, document(tree, format));
        return 0;
    }
    const auto project = load_by(context, options, arguments.flag("strict"));
    if (arguments.flag("quiet")) return 0;
    const auto list = asked_list(project, arguments);
    write_result(arguments, list ? *list : document(compose::canonical(project), format));
    return 0;
}

int why(Context& context, const Arguments& arguments) {
    std::vector<compose::Diagnostic> told;
    for (const auto& path : arguments.words)
        told.push_back(compose::why(load_options(context), compose::disk_reader(), path));
    print(compose::render(told, context.globals.diagnostics, context.color_out()));
    return 0;
}

int explain(Context&, const Arguments& arguments) {
    if (arguments.words.empty()) {
        for (const auto& code : compose::explained_codes()) {
            const std::string page = compose::explain(code);
            print(page.substr(0, page.find('\n') + 1));
        }
        return 0;
    }
    for (const auto& code : arguments.words) {
        const std::string page = compose::explain(code);
        if (page.empty())
            fail(Kind::not_found, "there is no code {}: it is one of {}", code, join(compose::explained_codes(), ", "));
        print(page);
    }
    return 0;
}

/// Exit status 0: nothing to do; 2: there is; 1: an error.
int plan(Context& context, const Arguments& arguments) {
    const auto format = arguments.get("format", "text");
    if (format != "text" && format != "json")
        throw UsageError(fmt::format("--format: '{}' is neither text nor json", escape_for_terminal(format)));
    const auto project = load_project(context, LoadWishes{.services = arguments.words});
    wire::ProjectRequest request;
    request.project = compose::to_json(project);
    request.services = arguments.words;
    request.no_deps = arguments.flag("no-deps");
    request.remove_orphans = arguments.flag("remove-orphans");
    if (arguments.flag("force-recreate")) request.recreate = "always";
    if (arguments.flag("no-recreate")) request.recreate = "never";
    const std::string target = fmt::format("/hoist/v1/projects/{}/plan", wire::percent_encode(project.name));
    const Json answer = context.client().call("POST", target, wire::to_json(request));
    const bool changes = json_value(answer, "changes", false);
    if (format == "json")
        print_json(answer.at("plan"));
    else
        print(changes ? escape_for_terminal(json_value<std::string>(answer, "text", "")) : "nothing to do\n");
    return changes ? 2 : 0;
}

const Options config_options = {{"-q, --quiet", "", "only check"},
                                {"--format", "FORMAT", "yaml or json; short: mistakes as file:line:column: ..."},
                                {"-o, --output", "FILE", "write there"},
                                {"--services", "", "only names of services, in order of dependency"},
                                {"--volumes", "", "only names of volumes"},
                                {"--networks", "", "only names of networks"},
                                {"--images", "", "only names of images"},
                                {"--profiles", "", "only names of profiles"},
                                {"--models", "", "only names of models"},
                                {"--variables", "", "the variables that the files ask for"},
                                {"--environment", "", "those that are set, with their values"},
                                {"--hash", "SERVICES", "configuration hashes: names with commas, or *"},
                                {"--no-interpolate", "", "leave ${...} as it is"},
                                {"--no-path-resolution", "", "leave relative paths as they are"},
                                {"--no-consistency", "", "without looking for contradictions"},
                                {"--no-normalize", "", "accepted: there is one form"},
                                {"--all-resources", "", "also networks and the like that no service uses"},
                                {"--strict", "", "warnings are errors"},
                                {"--resolve-image-digests", "", "refused: digests are not looked up here"},
                                {"--lock-image-digests", "", "refused: digests are not looked up here"}};

}  // namespace

std::vector<Command> config_commands() {
    return {{.name = "config why",
             .words = "PATH...",
             .summary = "where a value came from, as services.web.ports[0]",
             .least_words = 1,
             .run = why,
             .of_stack = true},
            {.name = "config",
             .words = "[SERVICE...]",
             .summary = "check the files and show the resolved model",
             .options = config_options,
             .run = config,
             .of_stack = true},
            {.name = "convert",
             .words = "[SERVICE...]",
             .summary = "as config",
             .options = config_options,
             .run = config,
             .of_stack = true},
            {.name = "explain", .words = "[CODE...]", .summary = "what a diagnostic's code means", .run = explain},
            {.name = "plan",
             .words = "[SERVICE...]",
             .summary = "show what up would do, and why (exit status 2: something)",
             .options = {{"--format", "FORMAT", "text or json"},
                         {"--force-recreate", "", "as for up"},
                         {"--no-recreate", "", "as for up"},
                         {"--no-deps", "", "as for up"},
                         {"--remove-orphans", "", "as for up"}},
             .run = plan,
             .of_stack = true}};
}

}  // namespace hoist::cli
