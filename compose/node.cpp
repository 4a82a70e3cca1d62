// SPDX-License-Identifier: Apache-2.0
#include "compose/node.h"

#include <fmt/format.h>

#include <algorithm>

namespace hoist::compose {

const Node* Node::find(std::string_view key) const {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
    return found == entries.end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) {
    Entry* found = entry(key);
    return found ? &found->value : nullptr;
}

Entry* Node::entry(std::string_view key) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

Node scalar_node(std::string text, const Origin& where) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = std::move(text);
    node.where = where;
    return node;
}

Node map_node(const Origin& where) {
    Node node;
    node.kind = Node::Kind::map;
    node.where = where;
    return node;
}

void mark_trail(Sources& sources, Node& tree, TrailStep::Kind kind, const Origin& step, const std::string& name) {
    tree.where = sources.through(tree.where, kind, step, name);
    for (auto& item : tree.items) mark_trail(sources, item, kind, step, name);
    for (auto& entry : tree.entries) {
        mark_trail(sources, entry.value, kind, step, name);
        entry.key_where.trail = entry.value.where.trail;
    }
}

Origin locate(const Sources& sources, const Node& scalar, std::size_t offset, std::size_t length) {
    if (scalar.interpolated || length == 0 || scalar.where.file == 0) return scalar.where;
    const std::string_view value = scalar.text, wanted = value.substr(offset, length);
    std::size_t before = 0;
    for (auto at = value.find(wanted); at < offset; at = value.find(wanted, at + 1)) ++before;
    const std::string_view written = sources.file(scalar.where).text;
    std::size_t at = written.find(wanted, scalar.where.pos);
    for (; before > 0 && at != std::string_view::npos; --before) at = written.find(wanted, at + 1);
    if (at == std::string_view::npos || at > scalar.where.pos + 4 * value.size() + 64) return scalar.where;
    return {scalar.where.file, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length), scalar.where.trail};
}

std::string describe(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "nothing";
        case Node::Kind::sequence:
            return "a list";
        case Node::Kind::map:
            return "a map";
        case Node::Kind::scalar:
            break;
    }
    const std::string shown = node.text.size() > 60 ? node.text.substr(0, 57) + "..." : node.text;
    const bool number = node.plain && !shown.empty() && shown.find_first_not_of("0123456789.-") == std::string::npos;
    if (number) return "the number " + shown;
    if (node.plain && (shown == "true" || shown == "false")) return "the bool " + shown;
    return fmt::format("the text \"{}\"", shown);
}

}  // namespace hoist::compose
