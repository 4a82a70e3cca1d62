#pragma once
// SPDX-License-Identifier: Apache-2.0
// The parsed form of a template, for its parser and its renderer.

#include <memory>
#include <string>
#include <vector>

#include "cli/template.h"

namespace hoist::cli {

struct Pipeline;

/// One word of a command: a constant, ".", a variable, or a pipeline in parentheses; then ".fields" of it.
struct Operand {
    enum class Kind { constant, dot, variable, function, parenthesis } kind = Kind::dot;
    Json constant;
    std::string name;  ///< of a variable or a function
    std::shared_ptr<Pipeline> inner;
    std::vector<std::string> fields;
};

/// Commands behind each other: the value of each is the last argument of the next.
struct Pipeline {
    std::vector<std::string> variables;  ///< "$i, $v :="
    bool declares = false;
    std::vector<std::vector<Operand>> commands;
};

struct Template::Node {
    enum class Kind { list, text, action, condition, range, with } kind = Kind::list;
    std::string text;
    Pipeline pipeline;
    std::vector<Node> body, otherwise;
};

/// @throws UsageError
Template::Node parse_template(std::string_view text);

}  // namespace hoist::cli
