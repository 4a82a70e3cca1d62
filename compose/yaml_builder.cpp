// SPDX-License-Identifier: Apache-2.0
#include "compose/yaml_builder.h"

#include <fmt/format.h>

#include <unordered_set>

namespace hoist::compose {
namespace {

Node::Tag tag_of(const std::string& tag) {
    if (tag == "!reset") return Node::Tag::reset;
    if (tag == "!override") return Node::Tag::replace;
    return Node::Tag::none;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

void TreeBuilder::refuse(const char* code, const std::string& message, const Origin& where, const std::string& help) {
    report_.error(code, message, where, help);
    throw Refused();
}

/// The place of a node behind its tag and anchor, which the parser counts as part of it.
Origin TreeBuilder::start(const YAML::Mark& mark) const {
    std::size_t pos = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
    const std::size_t first = pos;
    while (pos < text_.size() && (text_[pos] == '&' || text_[pos] == '!')) {
        while (pos < text_.size() && !is_blank(text_[pos])) ++pos;
        while (pos < text_.size() && is_blank(text_[pos])) ++pos;
    }
    if (pos >= text_.size()) pos = first;
    return {file_, static_cast<std::uint32_t>(pos), 0};
}

Origin TreeBuilder::scalar_extent(Origin where, const std::string& value) {
    const char quote = where.pos < text_.size() ? text_[where.pos] : '\0';
    if (quote == '"' || quote == '\'') {
        std::size_t end = where.pos + 1;
        while (end < text_.size() && text_[end] != quote) end += quote == '"' && text_[end] == '\\' ? 2 : 1;
        // The parser takes the end of the file for the closing quote.
        if (end >= text_.size()) refuse("C01", "this quoted text is not closed", where, "add the closing quote");
        const std::size_t newline = text_.find('\n', where.pos);
        if (newline == std::string::npos || newline > end)
            where.length = static_cast<std::uint32_t>(end + 1 - where.pos);
    } else if (!value.empty() && text_.compare(where.pos, value.size(), value) == 0) {
        where.length = static_cast<std::uint32_t>(value.size());
    }
    return where;
}

/// Counts a node with all below it, once for every place where it stands: this is what a bomb makes large.
void TreeBuilder::count(const Node& node, const Origin& blame) {
    ++nodes_;
    bytes_ += node.text.size();
    if (nodes_ > limits_.nodes)
        refuse("C01", fmt::format("the document has more than {} values after its aliases are expanded", limits_.nodes),
               blame, "");
    if (bytes_ > limits_.text) refuse("C01", "the document is too large after its aliases are expanded", blame, "");
    for (const auto& item : node.items) count(item, blame);
    for (const auto& entry : node.entries) count(entry.value, blame);
}

void TreeBuilder::remember(YAML::anchor_t anchor, const Node& node) {
    if (anchor == 0) return;
    count(node);  // the copy that is kept
    anchors_[anchor] = node;
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    Node node;
    node.plain = true;
    node.where = start(mark);
    count(node);
    remember(anchor, node);
    add(std::move(node));
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
        refuse("C01", "this alias stands inside the value that it names, which would never end", start(mark), "");
    count(found->second, start(mark));
    add(found->second);
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
    Node node = scalar_node(value, scalar_extent(start(mark), value));
    const char first = node.where.pos < text_.size() ? text_[node.where.pos] : '\0';
    node.plain = first != '"' && first != '\'' && first != '|' && first != '>' && tag != "tag:yaml.org,2002:str";
    node.tag = tag_of(tag);
    if (node.tag != Node::Tag::none && (value.empty() || value == "null" || value == "~")) node.kind = Node::Kind::null;
    count(node);
    remember(anchor, node);
    add(std::move(node));
}

void TreeBuilder::open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Frame frame;
    frame.node.kind = kind;
    frame.node.tag = tag_of(tag);
    frame.node.where = start(mark);
    frame.anchor = anchor;
    count(frame.node);
    if (static_cast<int>(stack_.size()) >= limits_.depth)
        refuse("C01", fmt::format("values are nested deeper than {} levels", limits_.depth), frame.node.where, "");
    stack_.push_back(std::move(frame));
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value) {
    open(Node::Kind::sequence, mark, tag, anchor);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
    open(Node::Kind::map, mark, tag, anchor);
}

void TreeBuilder::close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    expand_merges(frame);
    remember(frame.anchor, frame.node);
    add(std::move(frame.node));
}

void TreeBuilder::add(Node node) {
    if (stack_.empty()) {
        root_ = std::move(node);
        return;
    }
    Frame& frame = stack_.back();
    if (frame.node.is_sequence()) {
        frame.node.items.push_back(std::move(node));
    } else if (!frame.pending) {
        add_key(frame, std::move(node));
    } else {
        Entry entry = std::move(*frame.pending);
        frame.pending.reset();
        if (frame.merge_key && entry.key == "<<") return take_merge(frame, std::move(node), entry.key_where);
        entry.value = std::move(node);
        frame.node.entries.push_back(std::move(entry));
    }
}

void TreeBuilder::add_key(Frame& frame, Node key) {
    if (!key.is_scalar()) refuse("C01", fmt::format("{} cannot be a key; keys are text", describe(key)), key.where, "");
    frame.pending = Entry{key.text, key.where, {}};
    if (key.plain && key.text == "<<") {
        if (frame.merge_key)
            report_.warning("C02", "a second \"<<\" in one map", key.where, "write one: `<<: [*first, *second]`");
        frame.merge_key = key.where;
        return;
    }
    const auto [first, is_new] = frame.keys.emplace(key.text, key.where);
    if (is_new) return;
    report_.error("C02", fmt::format("the key \"{}\" is there twice", key.text), key.where, "remove one of the two")
        .others.push_back(sources_.span(first->second, "first defined here"));
}

void TreeBuilder::take_merge(Frame& frame, Node value, const Origin& key_where) {
    const bool one = value.is_map();
    const bool many = value.is_sequence() &&
                      std::all_of(value.items.begin(), value.items.end(), [](const Node& n) { return n.is_map(); });
    if (!one && !many) {
        report_.error("C02",
                      fmt::format("\"<<\" merges a map or a list of maps, not {}",
                                  value.is_sequence() ? "a list of other values" : describe(value)),
                      key_where, "a list cannot be merged into a map: repeat its entries");
        return;
    }
    if (one) frame.merged.push_back(std::move(value));
    for (auto& item : value.items) frame.merged.push_back(std::move(item));
}

/// What is written in the map itself wins over what is merged in, an earlier source over a later one.
void TreeBuilder::expand_merges(Frame& frame) {
    for (auto& source : frame.merged)
        for (auto& entry : source.entries)
            if (frame.keys.emplace(entry.key, entry.key_where).second) frame.node.entries.push_back(std::move(entry));
}

}  // namespace hoist::compose
