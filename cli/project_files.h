#pragma once
// SPDX-License-Identifier: Apache-2.0
// The project that the user means: its files, or only its name.

#include <optional>
#include <string>

#include "cli/command.h"
#include "compose/loader.h"

namespace hoist::cli {

struct LoadWishes {
    std::vector<std::string> services;
    std::map<std::string, int> scale;
    bool all_profiles = false;
};

/// Loads the project and prints its warnings. @throws compose::LoadError, Error
compose::Project load_project(const Context& context, const LoadWishes& wishes = {});

/// The name only, which also works when the file is broken, or when there is none but -p was given.
/// nullopt outside of any project.
std::optional<std::string> find_project_name(const Context& context);
/// As find_project_name. @throws Error that says how to name a project
std::string project_name(const Context& context);

/// How the project is to be loaded, by the global options.
compose::LoadOptions load_options(const Context& context, const LoadWishes& wishes = {});
/// As load_project, with options changed. @param strict  warnings are errors
compose::Project load_by(const Context& context, const compose::LoadOptions& options, bool strict = false);

/// Prints diagnostics on standard error, in the form that was asked for.
void print_diagnostics(const Context& context, const std::vector<compose::Diagnostic>& diagnostics);
void print_load_error(const Context& context, const compose::LoadError& error);

}  // namespace hoist::cli
