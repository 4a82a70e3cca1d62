// SPDX-License-Identifier: Apache-2.0
#include "cli/project_files.h"

#include <unistd.h>
#include <climits>

#include "base/error.h"
#include "base/path.h"

extern char** environ;

namespace hoist::cli {
namespace {

std::string working_directory() {
    std::array<char, PATH_MAX> path{};
    if (!::getcwd(path.data(), path.size())) fail_errno(errno, "find the current directory");
    return path.data();
}

std::string absolute(const std::string& path, const std::string& base) {
    if (path.empty() || path.front() == '/' || path == "-") return path;
    return clean_path(base + "/" + path);
}

std::vector<std::string> absolute(std::vector<std::string> paths, const std::string& base) {
    for (auto& path : paths) path = absolute(path, base);
    return paths;
}

compose::Environment environment() {
    compose::Environment variables;
    for (char** entry = environ; *entry; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return variables;
}

}  // namespace

compose::LoadOptions load_options(const Context& context, const LoadWishes& wishes) {
    const auto& globals = context.globals;
    compose::LoadOptions options;
    options.working_directory = working_directory();
    options.files = absolute(globals.files, options.working_directory);
    options.project_directory = absolute(globals.project_directory, options.working_directory);
    options.project_name = globals.project_name;
    options.env_files = absolute(globals.env_files, options.working_directory);
    options.profiles = globals.profiles;
    options.services = wishes.services;
    options.environment = environment();
    options.scale = wishes.scale;
    options.all_profiles = wishes.all_profiles;
    return options;
}

void print_diagnostics(const Context& context, const std::vector<compose::Diagnostic>& diagnostics) {
    print_error(compose::render(diagnostics, context.globals.diagnostics, context.color_err()));
}

compose::Project load_project(const Context& context, const LoadWishes& wishes) {
    return load_by(context, load_options(context, wishes));
}

compose::Project load_by(const Context& context, const compose::LoadOptions& options, bool strict) {
    auto loaded = compose::load_project(options, compose::disk_reader());
    if (strict && !loaded.warnings.empty()) throw compose::LoadError{std::move(loaded.warnings)};
    if (!loaded.warnings.empty()) print_diagnostics(context, loaded.warnings);
    return std::move(loaded.project);
}

std::optional<std::string> find_project_name(const Context& context) {
    if (!context.globals.project_name.empty()) return context.globals.project_name;
    try {
        return compose::project_name_of(load_options(context, {}), compose::disk_reader());
    } catch (const compose::LoadError&) {
        if (!context.globals.files.empty()) throw;
        return std::nullopt;
    } catch (const Error&) {
        if (!context.globals.files.empty()) throw;
        return std::nullopt;
    }
}

std::string project_name(const Context& context) {
    if (auto name = find_project_name(context)) return *name;
    fail(Kind::not_found,
         "no compose.yaml here or in a folder above: change to the project's folder, or name it with -f FILE "
         "or -p PROJECT");
}

void print_load_error(const Context& context, const compose::LoadError& error) {
    print_diagnostics(context, error.diagnostics);
}

}  // namespace hoist::cli
