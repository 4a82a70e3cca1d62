// SPDX-License-Identifier: Apache-2.0
#include "compose/why.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"
#include "compose/merge.h"
#include "compose/tree.h"

namespace hoist::compose {
namespace {

/// A place in a tree: the value, and the key that it has.
struct Found {
    const Node* node = nullptr;
    Origin key_where;
};

std::string what_there_is(const Node& node) {
    if (node.is_sequence()) return fmt::format("there are {} entries", node.items.size());
    if (!node.is_map()) return "it holds " + describe(node);
    std::string names;
    for (const auto& entry : node.entries) {
        names += (names.empty() ? "" : ", ") + entry.key;
        if (names.size() > 200) return "there is: " + names + ", ...";
    }
    return names.empty() ? "there is nothing" : "there is: " + names;
}

/// The entry of a list that "[2]" at the front of `path` means, which is then taken off.
const Node* take_index(const Node& list, std::string_view& path) {
    const auto close = path.find(']');
    std::size_t index = list.items.size();
    if (close != std::string_view::npos) std::from_chars(path.data() + 1, path.data() + close, index);
    if (!list.is_sequence() || index >= list.items.size()) return nullptr;
    path.remove_prefix(close + 1);
    return &list.items[index];
}

/// Names may hold dots: the longest key that the path begins with.
const Entry* take_key(const Node& map, std::string_view& path) {
    const Entry* best = nullptr;
    for (const auto& entry : map.entries) {
        const std::string_view key = entry.key;
        if (!path.starts_with(key) || (best && best->key.size() >= key.size())) continue;
        if (path.size() == key.size() || path[key.size()] == '.' || path[key.size()] == '[') best = &entry;
    }
    if (best) path.remove_prefix(best->key.size());
    return best;
}

Found look_up(const Node& tree, std::string_view path) {
    Found found{&tree, tree.where};
    const std::string_view whole = path;
    while (!path.empty()) {
        const Node& here = *found.node;
        const auto fail_here = [&] {
            const std::string before(whole.substr(0, whole.size() - path.size()));
            fail(Kind::not_found, "there is no \"{}\": {}{}{}", whole, before, before.empty() ? "" : ": ",
                 what_there_is(here));
        };
        if (path[0] == '[') {
            found.node = take_index(here, path);
            if (!found.node) fail_here();
            found.key_where = found.node->where;
            continue;
        }
        if (path[0] == '.') path.remove_prefix(1);
        const Entry* entry = take_key(here, path);
        if (!entry) fail_here();
        found = {&entry->value, entry->key_where};
    }
    return found;
}

void tell_step(const Sources& sources, const TrailStep& step, std::vector<Span>& spans) {
    const auto note = [&](std::string label) {
        spans.push_back(step.where.file != 0 ? sources.span(step.where, std::move(label))
                                             : Span{.label = std::move(label)});
    };
    switch (step.kind) {
        case TrailStep::Kind::alias:
            return note(fmt::format("used here as *{}", step.name));
        case TrailStep::Kind::merge_key:
            return note("merged here");
        case TrailStep::Kind::extends:
            return note(fmt::format("inherited here from service {}", step.name));
        case TrailStep::Kind::replaced:
            return note("takes the place of this");
        case TrailStep::Kind::variable:
            return note(step.where.file != 0 ? fmt::format("{} is set here", step.name)
                                             : fmt::format("{} comes from the environment", step.name));
    }
}

}  // namespace

Diagnostic why(const LoadOptions& options, const FileReader& read, const std::string& path) {
    Context context(options, read);
    const ProjectFiles files = find_files(context);
    Node tree = TreeLoader(context).load(files.files, files.project_dir, context.variables);
    drop_resets(tree);
    const Found found = look_up(tree, path);
    const bool written = found.node->where.file != 0 && (found.node->is_scalar() || found.node->where.length > 0);
    const Origin where = written ? found.node->where : found.key_where;
    Diagnostic told{Diagnostic::Severity::note,  "", fmt::format("{} is {}", path, describe(*found.node)),
                    context.sources.span(where), {}, ""};
    for (const auto& step : context.sources.trail(found.node->where)) tell_step(context.sources, step, told.others);
    for (Origin from = context.sources.file(where).named_at; from.file != 0; from = context.sources.file(from).named_at)
        told.others.push_back(context.sources.span(from, "its file is named here"));
    return told;
}

}  // namespace hoist::compose
