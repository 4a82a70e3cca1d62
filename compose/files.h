#pragma once
// SPDX-License-Identifier: Apache-2.0
// Which files make up a project, and what variables they see.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compose/loader.h"
#include "compose/report.h"

namespace hoist::compose {

/// What one load shares: its options, the texts read so far, what is wrong so far.
struct Context {
    Context(const LoadOptions& with, const FileReader& reader);
    Context(const Context&) = delete;

    const LoadOptions& options;
    const FileReader& read;
    Sources sources;
    Report report;
    std::string home;                            ///< what "~" stands for
    std::shared_ptr<const Variables> variables;  ///< set by find_files
};

struct ProjectFiles {
    std::vector<std::string> files;  ///< absolute, in the order of merging; "-": standard input
    std::string project_dir;
    std::vector<std::string> env_files;  ///< given with --env-file or COMPOSE_ENV_FILES
};

/// Finds the files: -f, else COMPOSE_FILE, else the default names upwards from the working directory, with the
/// override beside them. Sets context.variables from the environment and the .env files.
/// @throws Error(not_found) if there is none; LoadError for a broken .env
ProjectFiles find_files(Context& context);

/// `base` with the variables of further .env files, which lose against those in `base`.
std::shared_ptr<const Variables> with_env_files(Context& context, const Variables& base,
                                                const std::vector<std::string>& paths);

/// A variable's value, or nothing.
std::optional<std::string> value_of(const Variables& variables, const std::string& name);

/// The project's name: -p, COMPOSE_PROJECT_NAME, `name:` of the files, the directory's. @throws Error(invalid)
std::string choose_project_name(const Context& context, const ProjectFiles& files, const std::string& name_in_files);

}  // namespace hoist::compose
