// SPDX-License-Identifier: Apache-2.0
#include "compose/tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "compose/merge.h"
#include "compose/yaml.h"

namespace hoist::compose {
namespace {

constexpr std::size_t most_files = 1000;
constexpr std::size_t most_copies = 500'000;

std::vector<std::string> service_names(const Node& tree) {
    std::vector<std::string> names;
    if (const Node* services = tree.find("services"))
        for (const auto& entry : services->entries) names.push_back(entry.key);
    return names;
}

const Node* service_in(const Node& tree, const std::string& name) {
    const Node* services = tree.find("services");
    return services ? services->find(name) : nullptr;
}

std::size_t size_of(const Node& tree) {
    std::size_t count = 1;
    for (const auto& item : tree.items) count += size_of(item);
    for (const auto& entry : tree.entries) count += size_of(entry.value);
    return count;
}

/// The keys of `include` and `extends` are used up before anything is decoded, so they are checked here.
void check_keys(Report& report, const Node& map, const char* what, const std::vector<std::string>& known) {
    for (const auto& entry : map.entries)
        if (!entry.key.starts_with("x-") && std::find(known.begin(), known.end(), entry.key) == known.end())
            report.error("C03", fmt::format("unknown key \"{}\" in {}", entry.key, what), entry.key_where,
                         suggest(entry.key, known));
}

std::vector<const Node*> one_or_more(const Node* node) {
    std::vector<const Node*> all;
    if (node && node->is_scalar()) all.push_back(node);
    if (node)
        for (const auto& item : node->items) all.push_back(&item);
    return all;
}

}  // namespace

std::vector<Node> TreeLoader::read_documents(const std::string& path, const std::string& base_dir,
                                             std::shared_ptr<const Variables> variables, const Origin& named_at) {
    std::optional<std::string> text;
    try {
        text = context_.read(path);
    } catch (const Error& problem) {
        context_.report.error("C10", problem.message(), named_at);
        return {};
    }
    if (!text) {
        if (named_at.file == 0) fail(Kind::not_found, "compose file {}: no such file", path);
        context_.report.error("C10", fmt::format("there is no file {}", context_.sources.shown(path)), named_at);
        return {};
    }
    if (text->size() > YamlLimits{}.bytes) {
        const auto file = context_.sources.add(path, "", base_dir, nullptr);
        context_.report.error(
            "C01", fmt::format("the file has {} bytes; a Compose file may have {}", text->size(), YamlLimits{}.bytes),
            {file, 0, 0});
        return {};
    }
    if (text->starts_with("\xef\xbb\xbf")) text->erase(0, 3);
    const auto file = context_.sources.add(path, std::move(*text), base_dir, std::move(variables), named_at);
    if (file > most_files) {
        context_.report.error("C10", fmt::format("the project has more than {} files", most_files), named_at);
        context_.report.end_phase();
    }
    auto documents = read_yaml(file, context_.sources, context_.report);
    for (auto& document : documents) {
        if (document.is_map() || document.is_null()) continue;
        context_.report.error(
            "C04", fmt::format("a Compose file is a map with `services:`, not {}", describe(document)), document.where);
    }
    return documents;
}

Node TreeLoader::load(const std::vector<std::string>& files, const std::string& project_dir,
                      std::shared_ptr<const Variables> variables) {
    const Origin named_at = including_.empty() ? Origin{} : including_.back().where;
    std::vector<std::vector<Node>> all;
    for (const auto& path : files) all.push_back(read_documents(path, project_dir, variables, named_at));
    context_.report.end_phase();
    for (auto& documents : all)
        for (auto& document : documents)
            if (context_.options.interpolate) interpolator_.run(document);
    context_.report.end_phase();
    Node merged = map_node({});
    for (auto& documents : all) {
        for (auto& document : documents) {
            if (document.is_null()) continue;
            prepare(document, &file_shape());
            include_all(document, merged);
            extend_all(document, merged);
            merge_file(merged, std::move(document));
        }
    }
    context_.report.end_phase();
    return merged;
}

void TreeLoader::merge_file(Node& merged, Node document) {
    if (merged.entries.empty())
        merged = std::move(document);
    else
        merge(merged, std::move(document), &file_shape(), context_.report);
}

void TreeLoader::include_all(Node& document, Node& merged) {
    const Node* includes = document.find("include");
    if (!includes) return;
    if (includes->is_sequence())
        for (const auto& entry : includes->items) include(entry, merged);
    else if (!includes->is_null())
        context_.report.error("C04", fmt::format("`include` is a list of files, not {}", describe(*includes)),
                              includes->where);
    std::erase_if(document.entries, [](const Entry& e) { return e.key == "include"; });
}

void TreeLoader::include(const Node& entry, Node& merged) {
    Report& report = context_.report;
    check_keys(report, entry, "include", {"path", "env_file", "project_directory"});
    const auto paths = one_or_more(entry.is_map() ? entry.find("path") : &entry);
    if (paths.empty()) {
        report.error("C04", "an entry of `include` is a path, or a map with `path`", entry.where);
        return;
    }
    const auto& source = context_.sources.file(entry.where);
    const auto absolute = [&](const Node& path) { return resolve_path(source.base_dir, path.text, context_.home); };
    std::vector<std::string> files;
    for (const Node* path : paths) {
        if (path->text.find("://") != std::string::npos || path->text.starts_with("git@")) {
            report.error("C10", "files are included from this machine only", path->where,
                         "fetch it first and include the copy");
            return;
        }
        files.push_back(absolute(*path));
    }
    for (const auto& outer : including_) {
        if (outer.path != files[0]) continue;
        Diagnostic& d =
            report.error("C08", fmt::format("{} includes itself", context_.sources.shown(files[0])), paths[0]->where);
        for (const auto& step : including_)
            d.others.push_back(context_.sources.span(step.where, "on the way from here"));
        return;
    }
    const Node* directory = entry.is_map() ? entry.find("project_directory") : nullptr;
    const std::string base = directory && directory->is_scalar() ? absolute(*directory) : split_path(files[0]).parent;
    std::vector<std::string> env_files;
    for (const Node* path : one_or_more(entry.is_map() ? entry.find("env_file") : nullptr)) {
        env_files.insert(env_files.begin(), absolute(*path));
        if (path->text != "/dev/null" && !context_.read(env_files.front()))
            report.error("C10", fmt::format("there is no file {}", context_.sources.shown(env_files.front())),
                         path->where);
    }
    if (env_files.empty()) env_files.push_back(base + "/.env");
    std::erase(env_files, "/dev/null");
    including_.push_back({files[0], paths[0]->where});
    Node tree = load(files, base, with_env_files(context_, *source.variables, env_files));
    including_.pop_back();
    std::erase_if(tree.entries, [](const Entry& e) { return e.key == "name" || e.key == "version"; });
    merge_file(merged, std::move(tree));
}

void TreeLoader::extend_all(Node& document, const Node& merged) {
    Node* services = document.find("services");
    if (!services || !services->is_map()) return;
    std::vector<std::pair<std::string, Node>> done;
    for (const auto& entry : services->entries)
        if (entry.value.find("extends")) done.emplace_back(entry.key, extended(entry.key, document, merged, {}));
    for (auto& [name, node] : done) *services->find(name) = std::move(node);
}

const Node* TreeLoader::base_document(const Node& file, const Node& document, std::string& path) {
    const auto& source = context_.sources.file(file.where);
    path = resolve_path(source.base_dir, file.text, context_.home);
    if (path == source.path) return &document;
    const auto found = foreign_.find(path);
    if (found != foreign_.end()) return &found->second;
    const bool before = context_.report.failed();
    auto documents = read_documents(path, split_path(path).parent, source.variables, file.where);
    if (!before && context_.report.failed()) return nullptr;
    Node tree = map_node({});
    for (auto& part : documents) {
        if (!part.is_map()) continue;
        if (context_.options.interpolate) interpolator_.run(part);
        prepare(part, &file_shape());
        merge_file(tree, std::move(part));
    }
    return &foreign_.emplace(path, std::move(tree)).first->second;
}

/// A service with all that it extends below it.
Node TreeLoader::extended(const std::string& name, const Node& document, const Node& merged,
                          std::vector<Extending> chain) {
    const Node* own = service_in(document, name);
    if (!own) own = service_in(merged, name);
    copied_ += size_of(*own);
    if (copied_ > most_copies) {
        context_.report.error("C10", "the project is too large after `extends` is applied", own->where);
        context_.report.end_phase();
    }
    Node service = *own;
    const Node* extends = service.find("extends");
    if (!extends) return service;
    const Node reference = *extends;
    std::erase_if(service.entries, [](const Entry& e) { return e.key == "extends"; });
    check_keys(context_.report, reference, "extends", {"service", "file"});
    const Node *base_name = reference.find("service"), *file = reference.find("file");
    if (!base_name || !base_name->is_scalar() || (file && !file->is_scalar())) {
        context_.report.error(
            "C04",
            fmt::format("service \"{}\": `extends` is a service's name, or a map with `service` and `file`", name),
            reference.where);
        return service;
    }
    std::string path = context_.sources.file(reference.where).path;
    const Node* where = file ? base_document(*file, document, path) : &document;
    if (!where) return service;
    for (const auto& step : chain) {
        if (step.file != path || step.service != base_name->text) continue;
        Diagnostic& d = context_.report.error("C08", fmt::format("service \"{}\" extends itself", base_name->text),
                                              base_name->where);
        for (const auto& edge : chain)
            d.others.push_back(context_.sources.span(edge.where, fmt::format("which extends \"{}\"", edge.service)));
        return service;
    }
    if (!service_in(*where, base_name->text) && (file || !service_in(merged, base_name->text))) {
        context_.report.error("C07",
                              fmt::format("service \"{}\" extends \"{}\", which {} does not define", name,
                                          base_name->text, context_.sources.shown(path)),
                              base_name->where, suggest(base_name->text, service_names(*where)));
        return service;
    }
    chain.push_back({path, base_name->text, base_name->where});
    if (chain.size() > 50) {
        context_.report.error("C08", "services extend one another more than 50 times", base_name->where);
        return service;
    }
    Node base = extended(base_name->text, *where, merged, std::move(chain));
    mark_trail(context_.sources, base, TrailStep::Kind::extends, base_name->where, base_name->text);
    merge(base, std::move(service), &service_shape(), context_.report);
    return base;
}

}  // namespace hoist::compose
