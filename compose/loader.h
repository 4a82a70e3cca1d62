#pragma once
// SPDX-License-Identifier: Apache-2.0
// From files and environment to a project.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/diagnostic.h"
#include "compose/model.h"

namespace hoist::compose {

using Environment = std::map<std::string, std::string>;

/// How the loader reads files, so that it stays pure and tests need no disk. nullopt: no such file.
/// @throws Error for a file that cannot be read
using FileReader = std::function<std::optional<std::string>(const std::string& absolute_path)>;

struct LoadOptions {
    std::vector<std::string> files;      ///< -f, absolute; empty: search upwards from working_directory
    std::string working_directory;       ///< absolute: the user's current directory
    std::string project_directory;       ///< --project-directory, absolute; empty: of the first file
    std::string project_name;            ///< -p
    std::vector<std::string> env_files;  ///< --env-file, absolute; empty: .env
    std::vector<std::string> profiles;   ///< --profile; "*": all
    std::vector<std::string> services;   ///< named on the command line: enables them and their profiles
    Environment environment;             ///< the process environment (COMPOSE_* are honoured)
    std::map<std::string, int> scale;    ///< --scale
    bool all_profiles = false;           ///< for down, ps, logs
    bool interpolate = true;             ///< ${...} are replaced
    bool resolve_paths = true;           ///< relative paths become absolute
    bool check = true;                   ///< references, contradictions, conflicts, files
    bool keep_unused = false;            ///< also networks, volumes, configs and secrets that no active service uses
};

struct Loaded {
    Project project;  ///< active services only, and the objects that they use
    std::vector<Diagnostic> warnings;
};

/// Loads a project. @throws LoadError with every mistake of the first phase that has any; Error if there is no file
Loaded load_project(const LoadOptions& options, const FileReader& read);

/// The merged files in long notation, decoded no further: for `config --no-interpolate`.
nlohmann::ordered_json load_tree(const LoadOptions& options, const FileReader& read);

/// Only the project's name, without reading services: for `down`, `ps`, `logs` in a directory whose file is broken.
std::string project_name_of(const LoadOptions& options, const FileReader& read);

/// What `config` prints: a Compose file with every default applied, as a document and as YAML. Loading it again gives
/// the same project.
nlohmann::ordered_json canonical(const Project& project);
std::string to_yaml(const Project& project);

/// Reads from the disk; refuses what is larger than 50 MiB or is no regular file.
FileReader disk_reader();

}  // namespace hoist::compose
