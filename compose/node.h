#pragma once
// SPDX-License-Identifier: Apache-2.0
// A YAML tree in which every node knows its place. Aliases and merge keys are already expanded.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "compose/source.h"

namespace hoist::compose {

struct Entry;

struct Node {
    enum class Kind : std::uint8_t { null, scalar, sequence, map };
    /// What `!reset` and `!override` ask of a merge.
    enum class Tag : std::uint8_t { none, reset, replace };

    Kind kind = Kind::null;
    Tag tag = Tag::none;
    bool plain = false;         ///< a scalar without quotes: may be a number or a bool
    bool interpolated = false;  ///< text is no longer what the file says
    Origin where;
    std::string text;
    std::vector<Node> items;
    std::vector<Entry> entries;

    bool is_null() const { return kind == Kind::null; }
    bool is_scalar() const { return kind == Kind::scalar; }
    bool is_sequence() const { return kind == Kind::sequence; }
    bool is_map() const { return kind == Kind::map; }
    const Node* find(std::string_view key) const;
    Node* find(std::string_view key);
    Entry* entry(std::string_view key);
};

struct Entry {
    std::string key;
    Origin key_where;
    Node value;
};

Node scalar_node(std::string text, const Origin& where);
Node map_node(const Origin& where);

/// Notes for a node and all below it that they came on one more step.
void mark_trail(Sources& sources, Node& tree, TrailStep::Kind kind, const Origin& step, const std::string& name);

/// Where the bytes [offset, offset + length) of an untouched scalar are in its file: right for every style of
/// quoting as long as the bytes are written as themselves; otherwise the scalar's own place.
Origin locate(const Sources& sources, const Node& scalar, std::size_t offset, std::size_t length);

/// "a list", "a map", "the number 8080", "the text \"x\"": what the reader sees there.
std::string describe(const Node& node);

}  // namespace hoist::compose
