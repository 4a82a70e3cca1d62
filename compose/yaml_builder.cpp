// SPDX-License-Identifier: Apache-2.0
#include "compose/yaml_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace hoist::compose {
namespace {

// Up to here, comparing each key with each is cheaper than sorting them.
constexpr std::size_t small_map = 12;

std::string_view text_from(const yaml_char_t* text) {
    return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

bool is_yaml_tag(std::string_view tag) {
    return tag.empty() || tag == "!" || tag.starts_with("tag:yaml.org,2002:");
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_null_word(std::string_view text) {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace

CharacterIndex::CharacterIndex(const std::string& text)
    : text_(text), ascii_(std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {}

std::size_t CharacterIndex::byte_of(std::size_t character) {
    if (ascii_) return std::min(character, text_.size());
    const auto inside = [&](std::size_t at) { return (text_[at] & 0xc0) == 0x80; };
    while (character_ > character) {
        do --byte_;
        while (inside(byte_));
        --character_;
    }
    while (character_ < character && byte_ < text_.size()) {
        do ++byte_;
        while (byte_ < text_.size() && inside(byte_));
        ++character_;
    }
    return byte_;
}

void TreeBuilder::refuse(const char* code, const std::string& message, const Origin& where, const std::string& help) {
    report_.error(code, message, where, help);
    throw Refused();
}

/// The place of a node behind its tag and anchor, which the parser counts as part of it.
Origin TreeBuilder::start(const yaml_mark_t& mark) {
    const std::size_t first = index_.byte_of(mark.index);
    std::size_t pos = first;
    while (pos < text_.size() && (text_[pos] == '&' || text_[pos] == '!')) {
        while (pos < text_.size() && !is_blank(text_[pos])) ++pos;
        while (pos < text_.size() && is_blank(text_[pos])) ++pos;
    }
    if (pos >= text_.size()) pos = first;
    return {file_, static_cast<std::uint32_t>(pos), 0};
}

Node::Tag TreeBuilder::tag_of(std::string_view tag, const yaml_mark_t& mark) {
    if (tag == "!reset") return Node::Tag::reset;
    if (tag == "!override") return Node::Tag::replace;
    if (!is_yaml_tag(tag))
        report_.warning("C01", fmt::format("the tag {} has no meaning here", tag),
                        {file_, static_cast<std::uint32_t>(index_.byte_of(mark.index)), 0},
                        suggest(tag, {"!reset", "!override"}));
    return Node::Tag::none;
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

void TreeBuilder::remember(const std::string& anchor, const Node& node) {
    if (anchor.empty()) return;
    count(node);  // the copy that is kept
    anchors_[anchor] = node;
}

bool TreeBuilder::handle(const yaml_event_t& event) {
    switch (event.type) {
        case YAML_DOCUMENT_START_EVENT:
            begin_document();
            break;
        case YAML_ALIAS_EVENT:
            alias(event);
            break;
        case YAML_SCALAR_EVENT:
            scalar(event);
            break;
        case YAML_SEQUENCE_START_EVENT:
            open(Node::Kind::sequence, event, event.data.sequence_start.tag, event.data.sequence_start.anchor);
            break;
        case YAML_MAPPING_START_EVENT:
            open(Node::Kind::map, event, event.data.mapping_start.tag, event.data.mapping_start.anchor);
            break;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
            close();
            break;
        case YAML_DOCUMENT_END_EVENT:
            return true;
        default:
            break;
    }
    return false;
}

void TreeBuilder::begin_document() {
    root_ = {};
    stack_.clear();
    anchors_.clear();
    nodes_ = bytes_ = 0;
}

void TreeBuilder::alias(const yaml_event_t& event) {
    const std::string name(text_from(event.data.alias.anchor));
    Origin where = start(event.start_mark);
    where.length = static_cast<std::uint32_t>(name.size() + 1);
    if (std::any_of(stack_.begin(), stack_.end(), [&](const Frame& f) { return f.anchor == name; }))
        refuse("C01", "this alias stands inside the value that it names, which would never end", where, "");
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
        std::vector<std::string> known;
        for (const auto& [anchor, node] : anchors_) known.push_back(anchor);
        const std::string meant = nearest(name, known);
        refuse("C01", fmt::format("the alias \"*{}\" names no anchor defined above it", name), where,
               meant.empty() ? fmt::format("define it first with &{}", name) : fmt::format("did you mean *{}?", meant));
    }
    count(found->second, where);
    Node copy = found->second;
    mark_trail(sources_, copy, TrailStep::Kind::alias, where, name);
    add(std::move(copy));
}

void TreeBuilder::scalar(const yaml_event_t& event) {
    const auto& data = event.data.scalar;
    Node node = scalar_node({reinterpret_cast<const char*>(data.value), data.length}, start(event.start_mark));
    const std::string_view tag = text_from(data.tag);
    const bool on_one_line = event.start_mark.line == event.end_mark.line;
    const std::size_t end = index_.byte_of(event.end_mark.index);
    if (on_one_line && end > node.where.pos) node.where.length = static_cast<std::uint32_t>(end - node.where.pos);
    node.plain = data.style == YAML_PLAIN_SCALAR_STYLE && tag != "!" && tag != YAML_STR_TAG;
    node.tag = tag_of(tag, event.start_mark);
    if (node.plain && is_null_word(node.text)) node.kind = Node::Kind::null, node.text.clear();
    count(node);
    remember(std::string(text_from(data.anchor)), node);
    add(std::move(node));
}

void TreeBuilder::open(Node::Kind kind, const yaml_event_t& event, const yaml_char_t* tag, const yaml_char_t* anchor) {
    const Origin where = start(event.start_mark);
    if (stack_.size() >= static_cast<std::size_t>(limits_.depth))
        refuse("C01", fmt::format("values are nested deeper than {} levels", limits_.depth), where, "");
    Frame& frame = stack_.emplace_back();
    frame.node.kind = kind;
    frame.node.tag = tag_of(text_from(tag), event.start_mark);
    frame.node.where = where;
    frame.anchor = text_from(anchor);
    count(frame.node);
}

void TreeBuilder::close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    refuse_duplicates(frame.node);
    if (frame.merges) expand_merges(frame);
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
    } else if (!frame.has_pending) {
        add_key(frame, std::move(node));
    } else {
        frame.has_pending = false;
        if (frame.merges && frame.pending.key == "<<") return take_merge(frame, std::move(node));
        frame.pending.value = std::move(node);
        frame.node.entries.push_back(std::move(frame.pending));
    }
}

void TreeBuilder::add_key(Frame& frame, Node key) {
    if (key.is_null() && key.where.length > 0)  // `null:` is a name like any other; nothing at all is none
        key = scalar_node(text_.substr(key.where.pos, key.where.length), key.where);
    if (!key.is_scalar()) refuse("C01", fmt::format("{} cannot be a key; keys are text", describe(key)), key.where, "");
    frame.pending = {std::move(key.text), key.where, {}};
    frame.has_pending = true;
    if (!key.plain || frame.pending.key != "<<") return;
    if (frame.merges)
        report_.warning("C02", "a second \"<<\" in one map", key.where, "write one: `<<: [*first, *second]`");
    frame.merges = true;
}

void TreeBuilder::tell_duplicate(const Entry& first, const Entry& second) {
    report_
        .error("C02", fmt::format("the key \"{}\" is there twice", second.key), second.key_where,
               "remove one of the two")
        .others.push_back(sources_.span(first.key_where, "first defined here"));
}

void TreeBuilder::refuse_duplicates(const Node& map) {
    const auto& entries = map.entries;
    if (entries.size() <= small_map) {
        for (std::size_t i = 1; i < entries.size(); ++i)
            for (std::size_t k = 0; k < i; ++k)
                if (entries[i].key == entries[k].key) {
                    tell_duplicate(entries[k], entries[i]);
                    break;
                }
        return;
    }
    std::vector<std::uint32_t> order(entries.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return entries[a].key < entries[b].key; });
    for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
        if (entries[order[i]].key == entries[order[first]].key)
            tell_duplicate(entries[order[first]], entries[order[i]]);
        else
            first = i;
    }
}

void TreeBuilder::take_merge(Frame& frame, Node value) {
    const Origin& key_where = frame.pending.key_where;
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
    // An alias tells the way by itself.
    if (value.where.trail == 0) mark_trail(sources_, value, TrailStep::Kind::merge_key, key_where, "");
    if (one) return frame.merged.push_back(std::move(value));
    for (auto& item : value.items) frame.merged.push_back(std::move(item));
}

/// What is written in the map itself wins over what is merged in, an earlier source over a later one.
void TreeBuilder::expand_merges(Frame& frame) {
    for (auto& source : frame.merged)
        for (auto& entry : source.entries)
            if (!frame.node.find(entry.key)) frame.node.entries.push_back(std::move(entry));
}

}  // namespace hoist::compose
