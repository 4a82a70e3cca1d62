// SPDX-License-Identifier: Apache-2.0
#include "compose/loader.h"

#include "base/error.h"
#include "base/text.h"
#include "compose/merge.h"
#include "compose/resolve.h"
#include "compose/tree.h"
#include "compose/yaml.h"

namespace hoist::compose {
namespace {

/// The value of a top-level `name:` in a file that may not even be YAML.
std::string name_in(Context& context, const ProjectFiles& files) {
    std::string name;
    for (const auto& path : files.files) {
        const auto text = path == "-" ? std::nullopt : context.read(path);
        if (!text || text->size() > YamlLimits{}.bytes) continue;
        for (std::size_t pos = 0; pos < text->size(); pos = std::min(text->find('\n', pos), text->size() - 1) + 1) {
            const std::string_view rest = std::string_view(*text).substr(pos);
            if (!rest.starts_with("name:")) continue;
            std::string_view value = rest.substr(5, rest.find('\n') - 5);
            if (const auto comment = value.find(" #"); comment != std::string_view::npos)
                value = value.substr(0, comment);
            value = trim(value);
            if (value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
                value = value.substr(1, value.size() - 2);
            std::vector<TemplateIssue> issues;
            name = expand(
                value, [&](const std::string& key) { return value_of(*context.variables, key); }, issues);
        }
    }
    return name;
}

/// COMPOSE_PROJECT_NAME is what the files see as the project's name, once it is known.
void publish_name(Context& context, const std::string& name) {
    auto variables = std::make_shared<Variables>(*context.variables);
    (*variables)["COMPOSE_PROJECT_NAME"] = {name, {}};
    context.variables = std::move(variables);
}

}  // namespace

Loaded load_project(const LoadOptions& options, const FileReader& read) {
    Context context(options, read);
    const ProjectFiles files = find_files(context);
    const std::string early_name = choose_project_name(context, files, name_in(context, files));
    publish_name(context, early_name);
    Node tree = TreeLoader(context).load(files.files, files.project_dir, context.variables);
    drop_resets(tree);
    ProjectDraft draft = decode_project(context, tree);
    context.report.end_phase();
    draft.project.name = early_name;
    draft.project.working_dir = files.project_dir;
    draft.project.config_files = files.files;
    draft.project.environment_files = files.env_files;
    choose_services(context, draft);
    if (check_cycles(context, draft)) apply_implied(context, draft);
    if (options.check) check_project(context, draft);
    context.report.end_phase();
    finish(draft, options.keep_unused);
    return {std::move(draft.project), context.report.warnings()};
}

namespace {

/// A tree as a document, in the order of the files.
nlohmann::ordered_json document_of(const Node& node) {
    nlohmann::ordered_json out;
    if (node.is_map()) {
        out = nlohmann::ordered_json::object();
        for (const auto& entry : node.entries) out[entry.key] = document_of(entry.value);
    } else if (node.is_sequence()) {
        out = nlohmann::ordered_json::array();
        for (const auto& item : node.items) out.push_back(document_of(item));
    } else if (!node.is_null()) {
        out = nlohmann::ordered_json::parse(Values::json_of(node).dump());
    }
    return out;
}

}  // namespace

nlohmann::ordered_json load_tree(const LoadOptions& options, const FileReader& read) {
    Context context(options, read);
    const ProjectFiles files = find_files(context);
    Node tree = TreeLoader(context).load(files.files, files.project_dir, context.variables);
    drop_resets(tree);
    context.report.end_phase();
    return document_of(tree);
}

std::string project_name_of(const LoadOptions& options, const FileReader& read) {
    if (!options.project_name.empty()) {
        const Context context(options, read);
        return choose_project_name(context, {}, "");
    }
    Context context(options, read);
    const ProjectFiles files = find_files(context);
    return choose_project_name(context, files, name_in(context, files));
}

}  // namespace hoist::compose
