#pragma once
// SPDX-License-Identifier: Apache-2.0
// A Dockerfile as a list of instructions with their words, before anybody asks what they mean.
// @see the Dockerfile reference, "Format", "Parser directives", "Here-Documents"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "builder/mistakes.h"

namespace hoist::builder {

/// Text that follows its instruction up to a line with its name.
struct Heredoc {
    std::string name;
    std::string content;
    bool expand = true;  ///< variables are replaced; false if the name was quoted
    bool chomp = false;  ///< "<<-": tabs at the start of its lines are dropped
    int fd = 0;
    /// The content without the tabs that `chomp` drops.
    std::string text() const;
};

struct Node {
    std::string name;                ///< upper case, "RUN"
    std::vector<std::string> flags;  ///< "--from=x", quotes taken off
    std::vector<std::string> words;  ///< ENV and LABEL: key, value and "=" or "" (the old form) in turn
    bool json = false;               ///< words come from a JSON array
    std::string rest;                ///< all after the flags, continued lines joined
    std::string text;                ///< the whole instruction, joined
    std::vector<Heredoc> heredocs;
    std::shared_ptr<const Node> child;  ///< ONBUILD's instruction
    Lines lines;
};

struct Syntax {
    std::map<std::string, std::string> directives;  ///< syntax, escape, check
    char escape = '\\';
    std::vector<Node> nodes;
};

/// Reads the text; what cannot be read is added to `mistakes` and left out.
Syntax parse_syntax(std::string_view text, Mistakes& mistakes);
/// Reads one instruction as ONBUILD and --change have it.
Node parse_node(const std::string& line, char escape, Lines lines, Mistakes& mistakes);
/// All instructions' names.
const std::vector<std::string>& instruction_names();

}  // namespace hoist::builder
