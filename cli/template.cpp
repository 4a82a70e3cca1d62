// SPDX-License-Identifier: Apache-2.0
#include "cli/template.h"

#include <map>

#include "base/text.h"
#include "cli/options.h"
#include "cli/template_functions.h"
#include "cli/template_node.h"

namespace hoist::cli {
namespace {

using Node = Template::Node;

bool same_but_for_case(const std::string& left, const std::string& right) {
    return left.size() == right.size() && starts_with_ignoring_case(left, right);
}

Json field_of(const Json& value, const std::string& name) {
    if (!value.is_object()) {
        if (value.is_null()) return Json();
        throw UsageError(fmt::format("--format: there is no field {} in {}", escape_for_terminal(name),
                                     escape_for_terminal(go_text(value).substr(0, 60))));
    }
    if (const auto it = value.find(name); it != value.end()) return *it;
    for (const auto& [key, member] : value.items())
        if (same_but_for_case(key, name)) return member;
    return Json();
}

class Renderer {
public:
    explicit Renderer(const Json& dot) : root_(dot) { variables_["$"] = dot; }

    std::string render(const Node& root) {
        run(root.body, root_);
        return std::move(out_);
    }

private:
    void run(const std::vector<Node>& nodes, const Json& dot) {
        for (const auto& node : nodes) run(node, dot);
    }

    void run(const Node& node, const Json& dot) {
        if (node.kind == Node::Kind::text) {
            out_ += node.text;
            return;
        }
        const Json value = evaluate(node.pipeline, dot);
        switch (node.kind) {
            case Node::Kind::action:
                if (node.pipeline.variables.empty()) out_ += go_text(value);
                return;
            case Node::Kind::condition:
                return run(go_truth(value) ? node.body : node.otherwise, dot);
            case Node::Kind::with:
                return go_truth(value) ? run(node.body, value) : run(node.otherwise, dot);
            default:
                return run_range(node, value, dot);
        }
    }

    void run_range(const Node& node, const Json& list, const Json& dot) {
        if (!list.is_structured() || list.empty()) return run(node.otherwise, dot);
        const auto& names = node.pipeline.variables;
        std::int64_t number = 0;
        for (const auto& [key, one] : list.items()) {
            if (names.size() == 2) variables_[names[0]] = list.is_array() ? Json(number) : Json(key);
            if (!names.empty()) variables_[names.back()] = one;
            ++number;
            run(node.body, one);
        }
    }

    Json evaluate(const Pipeline& pipeline, const Json& dot) {
        std::optional<Json> piped;
        for (const auto& command : pipeline.commands) piped = evaluate(command, dot, piped);
        if (pipeline.variables.size() == 1) variables_[pipeline.variables[0]] = *piped;
        return *piped;
    }

    Json evaluate(const std::vector<Operand>& command, const Json& dot, const std::optional<Json>& piped) {
        std::vector<Json> arguments;
        for (std::size_t i = 1; i < command.size(); ++i) arguments.push_back(value_of(command[i], dot));
        if (piped) arguments.push_back(*piped);
        const Operand& first = command.front();
        if (first.kind == Operand::Kind::function) return fields(call_function(first.name, arguments), first.fields);
        if (arguments.empty()) return value_of(first, dot);
        // The one method that Docker's rows have: .Label "name".
        if (!first.fields.empty() && first.fields.back() == "Label" && arguments.size() == 1)
            return field_of(dot, "LabelMap").value(go_text(arguments[0]), Json(""));
        throw UsageError("--format: only functions take arguments");
    }

    Json value_of(const Operand& operand, const Json& dot) {
        switch (operand.kind) {
            case Operand::Kind::constant:
                return operand.constant;
            case Operand::Kind::dot:
                return fields(dot, operand.fields);
            case Operand::Kind::parenthesis:
                return fields(evaluate(*operand.inner, dot), operand.fields);
            case Operand::Kind::function:
                return fields(call_function(operand.name, {}), operand.fields);
            default:
                break;
        }
        const auto it = variables_.find(operand.name);
        if (it == variables_.end())
            throw UsageError(fmt::format("--format: undefined variable {}", escape_for_terminal(operand.name)));
        return fields(it->second, operand.fields);
    }

    static Json fields(Json value, const std::vector<std::string>& names) {
        for (const auto& name : names) value = field_of(value, name);
        return value;
    }

    const Json& root_;
    std::map<std::string, Json> variables_;
    std::string out_;
};

}  // namespace

Template::Template(std::string_view text) : root_(std::make_shared<const Node>(parse_template(text))) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;

std::string Template::render(const Json& dot) const {
    return Renderer(dot).render(*root_);
}

}  // namespace hoist::cli
