// SPDX-License-Identifier: Apache-2.0
#include "compose/files.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "compose/dotenv.h"

namespace hoist::compose {
namespace {

constexpr std::array default_names = {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
constexpr std::array override_names = {"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
                                       "docker-compose.override.yaml"};

std::string in(const std::string& dir, std::string_view name) {
    return clean_path(dir + "/" + std::string(name));
}

bool is_true(const std::optional<std::string>& text) {
    return text && (*text == "1" || *text == "true" || *text == "TRUE" || *text == "yes");
}

/// The first of `names` in a directory; a second one is warned about, since it is easily edited in vain.
template <class Names>
std::string first_of(Context& context, const std::string& dir, const Names& names) {
    std::string found;
    for (const char* name : names) {
        const std::string path = in(dir, name);
        if (!context.read(path)) continue;
        if (found.empty()) {
            found = path;
            continue;
        }
        Diagnostic& d = context.report.warning("C10",
                                               fmt::format("{} is not used, because {} is there too",
                                                           context.sources.shown(path), context.sources.shown(found)),
                                               {});
        d.where.file = context.sources.shown(path);
        break;
    }
    return found;
}

std::vector<std::string> search(Context& context) {
    for (std::string dir = clean_path(context.options.working_directory);; dir = split_path(dir).parent) {
        if (const std::string found = first_of(context, dir, default_names); !found.empty()) {
            std::vector<std::string> files = {found};
            if (std::string over = first_of(context, dir, override_names); !over.empty())
                files.push_back(std::move(over));
            return files;
        }
        if (dir == "/" || dir.empty()) break;
    }
    fail(Kind::not_found, "no compose.yaml (or docker-compose.yml) in {} or above it; name one with -f",
         context.options.working_directory);
}

std::vector<std::string> list_of(const Context& context, const std::string& text, char separator) {
    std::vector<std::string> paths;
    for (const auto& part : split(text, separator))
        if (!part.empty())
            paths.push_back(part == "-" ? part : resolve_path(context.options.working_directory, part, context.home));
    return paths;
}

std::vector<std::string> named_files(const Context& context) {
    if (!context.options.files.empty()) return context.options.files;
    const auto text = value_of(*context.variables, "COMPOSE_FILE");
    if (!text || text->empty()) return {};
    const auto separator = value_of(*context.variables, "COMPOSE_PATH_SEPARATOR");
    return list_of(context, *text, separator && !separator->empty() ? separator->front() : ':');
}

void add_env_file(Context& context, Variables& variables, const std::string& path, const std::string& text) {
    const auto file = context.sources.add(path, text, split_path(path).parent, nullptr);
    const Lookup lookup = [&](const std::string& name) { return value_of(variables, name); };
    Variables fresh;
    for (auto& line : read_env(file, context.report, lookup))
        if (line.value) fresh[line.key] = {std::move(*line.value), line.where};
    variables.merge(fresh);
}

bool is_valid_name(const std::string& name) {
    return !name.empty() && (std::isdigit(static_cast<unsigned char>(name[0])) || (name[0] >= 'a' && name[0] <= 'z')) &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
}

}  // namespace

Context::Context(const LoadOptions& with, const FileReader& reader)
    : options(with), read(reader), sources(clean_path(with.working_directory)), report(sources) {
    const auto found = with.environment.find("HOME");
    home = found == with.environment.end() || found->second.empty() ? "/" : found->second;
}

std::optional<std::string> value_of(const Variables& variables, const std::string& name) {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second.value;
}

std::shared_ptr<const Variables> with_env_files(Context& context, const Variables& base,
                                                const std::vector<std::string>& paths) {
    auto variables = std::make_shared<Variables>(base);
    for (const auto& path : paths)
        if (const auto text = context.read(path)) add_env_file(context, *variables, path, *text);
    return variables;
}

ProjectFiles find_files(Context& context) {
    Variables process;
    for (const auto& [name, value] : context.options.environment) process[name] = {value, {}};
    process.try_emplace("PWD", Variable{context.options.working_directory, {}});
    ProjectFiles project;
    project.env_files = context.options.env_files;
    if (const auto listed = value_of(process, "COMPOSE_ENV_FILES"); listed && project.env_files.empty())
        project.env_files = list_of(context, *listed, ',');
    for (const auto& path : project.env_files)
        if (!context.read(path)) fail(Kind::not_found, "environment file {}: no such file", path);
    const bool by_default = project.env_files.empty() && !is_true(value_of(process, "COMPOSE_DISABLE_ENV_FILE"));
    const std::string own = in(context.options.working_directory, ".env");
    const std::vector<std::string> last_first(project.env_files.rbegin(), project.env_files.rend());
    context.variables = with_env_files(context, process, by_default ? std::vector{own} : last_first);
    project.files = named_files(context);
    if (project.files.empty()) project.files = search(context);
    project.project_dir = context.options.project_directory;
    if (project.project_dir.empty())
        project.project_dir =
            project.files[0] == "-" ? context.options.working_directory : split_path(project.files[0]).parent;
    project.project_dir = clean_path(project.project_dir);
    if (const std::string path = in(project.project_dir, ".env"); by_default && path != own)
        context.variables = with_env_files(context, *context.variables, {path});
    context.report.end_phase();
    return project;
}

std::string choose_project_name(const Context& context, const ProjectFiles& files, const std::string& name_in_files) {
    std::string name = context.options.project_name;
    if (name.empty()) name = value_of(*context.variables, "COMPOSE_PROJECT_NAME").value_or("");
    if (name.empty()) name = name_in_files;
    if (!name.empty()) {
        if (!is_valid_name(name))
            fail(Kind::invalid, "project name \"{}\": it must begin with a-z or 0-9 and hold only a-z, 0-9, - and _",
                 name);
        return name;
    }
    for (const char c : split_path(files.project_dir).name) {
        const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (is_valid_name(std::string(1, lower)) || ((lower == '_' || lower == '-') && !name.empty())) name += lower;
    }
    if (name.empty())
        fail(Kind::invalid, "directory {} gives no project name; name the project with -p or `name:`",
             files.project_dir);
    return name;
}

FileReader disk_reader() {
    return [](const std::string& path) -> std::optional<std::string> {
        constexpr std::size_t limit = 50u << 20;
        if (path == "-") return read_all(Fd(check(::dup(0), "read standard input")), limit);
        return read_file_if_exists(path, limit);
    };
}

}  // namespace hoist::compose
