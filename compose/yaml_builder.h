#pragma once
// SPDX-License-Identifier: Apache-2.0
// Builds a tree from the YAML parser's events. Internal to yaml.cpp and yaml_builder.cpp.

#include <yaml.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "compose/yaml.h"

namespace hoist::compose {

/// Turns the parser's marks, which count characters, into bytes. Marks come nearly in order, so it walks.
class CharacterIndex {
public:
    explicit CharacterIndex(const std::string& text);
    std::size_t byte_of(std::size_t character);

private:
    const std::string& text_;
    bool ascii_;
    std::size_t character_ = 0, byte_ = 0;
};

class TreeBuilder {
public:
    /// Thrown to leave the parser; why is in the report.
    struct Refused {};

    TreeBuilder(std::uint32_t file, Sources& sources, Report& report, const YamlLimits& limits)
        : file_(file),
          text_(sources.file(file).text),
          sources_(sources),
          report_(report),
          limits_(limits),
          index_(text_) {}

    /// Takes an event. True at the end of a document, which take() then gives.
    bool handle(const yaml_event_t& event);
    Node take() { return std::move(root_); }

private:
    struct Frame {
        Node node;
        std::string anchor;
        Entry pending;  ///< a key that waits for its value
        bool has_pending = false;
        std::vector<Node> merged;  ///< values of `<<`, strongest first
        bool merges = false;
    };

    void begin_document();
    void alias(const yaml_event_t& event);
    void scalar(const yaml_event_t& event);
    void open(Node::Kind kind, const yaml_event_t& event, const yaml_char_t* tag, const yaml_char_t* anchor);
    void close();
    void add(Node node);
    void add_key(Frame& frame, Node key);
    void take_merge(Frame& frame, Node value);
    void expand_merges(Frame& frame);
    void refuse_duplicates(const Node& map);
    void tell_duplicate(const Entry& first, const Entry& second);
    void remember(const std::string& anchor, const Node& node);
    void count(const Node& node) { count(node, node.where); }
    void count(const Node& node, const Origin& blame);
    Origin start(const yaml_mark_t& mark);
    Node::Tag tag_of(std::string_view tag, const yaml_mark_t& mark);
    [[noreturn]] void refuse(const char* code, const std::string& message, const Origin& where,
                             const std::string& help);

    std::uint32_t file_;
    const std::string& text_;
    Sources& sources_;
    Report& report_;
    const YamlLimits& limits_;
    CharacterIndex index_;
    Node root_;
    std::vector<Frame> stack_;
    std::unordered_map<std::string, Node> anchors_;
    std::size_t nodes_ = 0, bytes_ = 0;
};

}  // namespace hoist::compose
