#pragma once
// SPDX-License-Identifier: Apache-2.0
// Builds a tree from the YAML parser's events. Internal to yaml.cpp and yaml_builder.cpp.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compose/yaml.h"

namespace hoist::compose {

class TreeBuilder : public YAML::EventHandler {
public:
    /// Thrown to leave the parser; why is in the report.
    struct Refused {};

    TreeBuilder(std::uint32_t file, const Sources& sources, Report& report, const YamlLimits& limits)
        : file_(file), text_(sources.file(file).text), sources_(sources), report_(report), limits_(limits) {}

    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override;
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override;
    void OnMapEnd() override { close(); }

private:
    struct Frame {
        Node node;
        YAML::anchor_t anchor = 0;
        std::optional<Entry> pending;  ///< a key that waits for its value
        std::unordered_map<std::string, Origin> keys;
        std::vector<Node> merged;  ///< values of `<<`, strongest first
        std::optional<Origin> merge_key;
    };

    void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
    void close();
    void add(Node node);
    void add_key(Frame& frame, Node key);
    void take_merge(Frame& frame, Node value, const Origin& key_where);
    void expand_merges(Frame& frame);
    void remember(YAML::anchor_t anchor, const Node& node);
    void count(const Node& node) { count(node, node.where); }
    void count(const Node& node, const Origin& blame);
    Origin start(const YAML::Mark& mark) const;
    Origin scalar_extent(Origin where, const std::string& value);
    [[noreturn]] void refuse(const char* code, const std::string& message, const Origin& where,
                             const std::string& help);

    std::uint32_t file_;
    const std::string& text_;
    const Sources& sources_;
    Report& report_;
    const YamlLimits& limits_;
    Node root_;
    std::vector<Frame> stack_;
    std::unordered_map<YAML::anchor_t, Node> anchors_;
    std::size_t nodes_ = 0, bytes_ = 0;
};

}  // namespace hoist::compose
