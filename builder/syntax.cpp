// SPDX-License-Identifier: Apache-2.0
#include "builder/syntax.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "builder/line_reader.h"
#include "builder/words.h"

namespace hoist::builder {
namespace {

/// What an instruction's text is divided into.
enum class Shape { text, blanks, quoted, pairs, command, command_list, health, instruction };

const std::map<std::string, Shape>& shapes() {
    static const std::map<std::string, Shape> table = {
        {"ADD", Shape::command_list},  {"ARG", Shape::quoted},          {"CMD", Shape::command},
        {"COPY", Shape::command_list}, {"ENTRYPOINT", Shape::command},  {"ENV", Shape::pairs},
        {"EXPOSE", Shape::blanks},     {"FROM", Shape::blanks},         {"HEALTHCHECK", Shape::health},
        {"LABEL", Shape::pairs},       {"MAINTAINER", Shape::text},     {"ONBUILD", Shape::instruction},
        {"RUN", Shape::command},       {"SHELL", Shape::command},       {"STOPSIGNAL", Shape::text},
        {"USER", Shape::text},         {"VOLUME", Shape::command_list}, {"WORKDIR", Shape::text}};
    return table;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

class NodeParser {
public:
    NodeParser(Node& node, char escape, Mistakes& mistakes) : node_(node), escape_(escape), mistakes_(mistakes) {}

    void parse(std::string_view line) {
        const auto text = trim(line);
        const auto blank = std::find_if(text.begin(), text.end(), is_blank) - text.begin();
        const std::string word(text.substr(0, static_cast<std::size_t>(blank)));
        node_.text = text;
        node_.name = upper(word);
        const auto shape = shapes().find(node_.name);
        if (shape == shapes().end()) return refuse_name(word);
        std::string_view rest = text.substr(static_cast<std::size_t>(blank));
        node_.flags = take_flags(rest);
        node_.rest = trim(rest);
        read(shape->second);
    }

private:
    void refuse(std::string message, std::string word = {}, std::string advice = {}) {
        mistakes_.add({node_.lines, std::move(message), std::move(word), std::move(advice)});
    }

    void refuse_name(const std::string& word) {
        const auto meant = nearest(node_.name, instruction_names());
        refuse(fmt::format("unknown instruction \"{}\"", word), word,
               meant.empty() ? "an instruction is one of " + join(instruction_names(), " ")
                             : fmt::format("did you mean {}?", meant));
        node_.name.clear();
    }

    void read(Shape shape) {
        switch (shape) {
            case Shape::text:
                if (!node_.rest.empty()) node_.words = {node_.rest};
                return;
            case Shape::blanks:
                node_.words = split_blanks(node_.rest);
                return;
            case Shape::quoted:
                node_.words = split_quoted(node_.rest, escape_);
                return;
            case Shape::pairs:
                return read_pairs();
            case Shape::command:
                return read_command(node_.rest, false);
            case Shape::command_list:
                return read_command(node_.rest, true);
            case Shape::health:
                return read_health();
            case Shape::instruction:
                if (node_.rest.empty()) return;
                node_.child = std::make_shared<const Node>(parse_node(node_.rest, escape_, node_.lines, mistakes_));
        }
    }

    void read_command(std::string_view text, bool list) {
        if (text.empty()) return;
        bool mixed = false;
        if (auto words = parse_string_array(text, mixed)) {
            node_.json = true;
            node_.words.insert(node_.words.end(), words->begin(), words->end());
            return;
        }
        if (mixed)
            return refuse("only strings can stand in a JSON array here", std::string(text),
                          "put each word between double quotes");
        if (list)
            node_.words = split_blanks(text);
        else
            node_.words.emplace_back(text);
    }

    void read_health() {
        const auto blank = std::find_if(node_.rest.begin(), node_.rest.end(), is_blank) - node_.rest.begin();
        const auto at = static_cast<std::size_t>(blank);
        if (at == 0) return;
        node_.words = {node_.rest.substr(0, at)};
        read_command(trim(std::string_view(node_.rest).substr(at)), false);
    }

    void read_pairs() {
        const auto words = split_quoted(node_.rest, escape_);
        if (words.empty()) return;
        if (words.front().find('=') == std::string::npos) return read_old_pair(words.front());
        for (const auto& word : words) {
            const auto equals = word.find('=');
            if (equals == std::string::npos) {
                refuse(fmt::format("{}: \"{}\" is not of the form name=value", node_.name, word), word,
                       "put the value between quotes if it holds blanks");
                continue;
            }
            node_.words.insert(node_.words.end(), {word.substr(0, equals), word.substr(equals + 1), "="});
        }
    }

    /// "ENV name the rest is the value"
    void read_old_pair(const std::string& name) {
        const auto blank = std::find_if(node_.rest.begin(), node_.rest.end(), is_blank) - node_.rest.begin();
        const auto value = trim(std::string_view(node_.rest).substr(static_cast<std::size_t>(blank)));
        if (value.empty())
            return refuse(fmt::format("{} {} has no value", node_.name, name), name,
                          fmt::format("write {} {}=value", node_.name, name));
        node_.words = {node_.rest.substr(0, static_cast<std::size_t>(blank)), std::string(value), ""};
    }

    Node& node_;
    const char escape_;
    Mistakes& mistakes_;
};

bool takes_heredocs(const Node& node) {
    if (node.child) return takes_heredocs(*node.child);
    return !node.json && (node.name == "ADD" || node.name == "COPY" || node.name == "RUN");
}

}  // namespace

const std::vector<std::string>& instruction_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> list;
        for (const auto& [name, shape] : shapes()) list.push_back(name);
        return list;
    }();
    return names;
}

Node parse_node(const std::string& line, char escape, Lines lines, Mistakes& mistakes) {
    Node node;
    node.lines = lines;
    NodeParser(node, escape, mistakes).parse(line);
    return node;
}

std::string Heredoc::text() const {
    if (!chomp) return content;
    std::string kept;
    bool at_start = true;
    for (const char c : content) {
        if (at_start && c == '\t') continue;
        at_start = c == '\n';
        kept += c;
    }
    return kept;
}

Syntax parse_syntax(std::string_view text, Mistakes& mistakes) {
    Syntax syntax;
    LineReader reader(text, mistakes);
    while (auto line = reader.next()) {
        Node node = parse_node(line->text, reader.escape(), line->lines, mistakes);
        if (takes_heredocs(node)) {
            node.heredocs = reader.heredocs(node.child ? node.child->rest : node.rest, node.lines);
            if (node.child && !node.heredocs.empty()) {
                Node child = *node.child;
                child.heredocs = node.heredocs;
                child.lines = node.lines;
                node.child = std::make_shared<const Node>(std::move(child));
            }
        }
        if (!node.name.empty()) syntax.nodes.push_back(std::move(node));
    }
    syntax.directives = reader.directives();
    syntax.escape = reader.escape();
    if (syntax.nodes.empty() && mistakes.empty())
        mistakes.add({{1, 1}, "the file has no instructions", "", "begin with FROM and a base image"});
    return syntax;
}

}  // namespace hoist::builder
