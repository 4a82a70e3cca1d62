// SPDX-License-Identifier: Apache-2.0
#include "compose/interpolate.h"

#include <fmt/format.h>

namespace hoist::compose {
namespace {

constexpr int deepest = 100;
// Many uses of one large variable must not fill the memory.
constexpr std::size_t most_bytes = 64u << 20;

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name(char c) {
    return is_name_start(c) || (c >= '0' && c <= '9');
}

std::size_t variable_end(std::string_view text, std::size_t from) {
    if (from >= text.size() || !is_name_start(text[from])) return from;
    while (from < text.size() && is_name(text[from])) ++from;
    return from;
}

class Expander {
public:
    Expander(std::string_view whole, const Lookup& lookup, std::vector<TemplateIssue>& issues)
        : whole_(whole), lookup_(lookup), issues_(issues) {}

    std::string run(std::string_view text, int depth) {
        std::string out;
        while (!text.empty()) {
            const auto dollar = text.find('$');
            out += text.substr(0, dollar);
            if (dollar == std::string_view::npos) break;
            text.remove_prefix(dollar);
            if (text.size() > 1 && text[1] == '{') {
                out += braced(text, depth);
            } else if (text.size() > 1 && text[1] == '$') {
                out += '$';
                text.remove_prefix(2);
            } else if (const auto end = variable_end(text, 1); end > 1) {
                out += value(std::string(text.substr(1, end - 1)), text.substr(0, end));
                text.remove_prefix(end);
            } else {
                out += '$';
                text.remove_prefix(1);
            }
        }
        return out;
    }

private:
    void issue(TemplateIssue::Type type, std::string name, std::string message, std::string_view where) {
        issues_.push_back({type, std::move(name), std::move(message),
                           static_cast<std::size_t>(where.data() - whole_.data()), where.size()});
    }

    std::string malformed(std::string_view& text, std::string_view where, const char* message) {
        issue(TemplateIssue::Type::malformed, "", message, where);
        text = {};  // nothing behind it can be told apart
        return "";
    }

    std::string value(const std::string& name, std::string_view where) {
        auto found = lookup_(name);
        if (!found) issue(TemplateIssue::Type::unset, name, "", where);
        return found.value_or("");
    }

    /// The place of the brace that closes the `${` at the front; npos if none does.
    static std::size_t closing(std::string_view text) {
        int open = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '$' && i + 1 < text.size()) {
                if (text[i + 1] == '{') ++open;
                if (text[i + 1] == '{' || text[i + 1] == '$') ++i;
            } else if (text[i] == '}' && --open == 0) {
                return i;
            }
        }
        return std::string_view::npos;
    }

    std::string braced(std::string_view& text, int depth) {
        if (depth >= deepest) return malformed(text, text.substr(0, 2), "variables are nested too deeply");
        const auto end = closing(text);
        if (end == std::string_view::npos) return malformed(text, text, "\"${\" is not closed");
        const std::string_view whole = text.substr(0, end + 1);
        const auto after = variable_end(text, 2);
        if (after == 2) return malformed(text, whole, "no variable name after \"${\"");
        const std::string name(text.substr(2, after - 2));
        std::string_view rest = text.substr(after, end - after);
        text.remove_prefix(end + 1);
        if (rest.empty()) return value(name, whole);
        const bool colon = rest[0] == ':';
        if (colon) rest.remove_prefix(1);
        const char form = rest.empty() ? '\0' : rest[0];
        if (form != '-' && form != '?' && form != '+')
            return malformed(text, whole, "the variable's name is not followed by }, -, ?, + or :-, :?, :+");
        rest.remove_prefix(1);
        const auto found = lookup_(name);
        const bool there = found && !(colon && found->empty());
        if (form == '+') return there ? run(rest, depth + 1) : "";
        if (there) return *found;
        if (form == '-') return run(rest, depth + 1);
        issue(TemplateIssue::Type::required, name, run(rest, depth + 1), whole);
        return "";
    }

    std::string_view whole_;
    const Lookup& lookup_;
    std::vector<TemplateIssue>& issues_;
};

}  // namespace

std::string expand(std::string_view text, const Lookup& lookup, std::vector<TemplateIssue>& issues) {
    return Expander(text, lookup, issues).run(text, 0);
}

void Interpolator::run(Node& tree) {
    if (tree.is_scalar()) expand_scalar(tree);
    for (auto& item : tree.items) run(item);
    for (auto& entry : tree.entries) run(entry.value);
}

void Interpolator::expand_scalar(Node& node) {
    if (node.text.find('$') == std::string::npos) return;
    const auto* variables = report_.sources().file(node.where).variables.get();
    static const Variables none;
    if (!variables) variables = &none;
    std::vector<TemplateIssue> issues;
    Origin where = node.where;
    const Lookup lookup = [&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables->find(name);
        if (found == variables->end()) return std::nullopt;
        where = report_.sources().through(where, TrailStep::Kind::variable, found->second.where, name);
        return found->second.value;
    };
    std::string text = expand(node.text, lookup, issues);
    for (const auto& issue : issues) tell(node, issue, *variables);
    bytes_ += text.size();
    if (bytes_ > most_bytes) {
        report_.error("C06", "the file is too large after its variables are replaced", node.where);
        report_.end_phase();
    }
    node.text = std::move(text);
    node.interpolated = true;
    node.where = where;
}

void Interpolator::tell(const Node& node, const TemplateIssue& issue, const Variables& variables) {
    const Origin where = locate(report_.sources(), node, issue.offset, issue.length);
    if (issue.type == TemplateIssue::Type::malformed) {
        report_.error("C06", "malformed variable: " + issue.message, where, "write $$ for a $ that is meant as itself");
        return;
    }
    std::vector<std::string> names;
    for (const auto& [name, variable] : variables) names.push_back(name);
    const std::string close = nearest(issue.name, names);
    const auto add_close = [&](Diagnostic& d) {
        if (!close.empty() && variables.at(close).where.file != 0)
            d.others.push_back(
                report_.sources().span(variables.at(close).where, fmt::format("\"{}\" is set here", close)));
    };
    if (issue.type == TemplateIssue::Type::required) {
        const bool is_set = variables.count(issue.name) > 0;
        add_close(
            report_.error("C06",
                          fmt::format("required variable \"{}\" is {}{}{}", issue.name, is_set ? "empty" : "not set",
                                      issue.message.empty() ? "" : ": ", issue.message),
                          where,
                          close.empty() ? fmt::format("set {} in .env or in the environment", issue.name)
                                        : fmt::format("did you mean \"{}\"?", close)));
        return;
    }
    if (!warned_.insert(issue.name).second) return;
    add_close(report_.warning(
        "C06", fmt::format("variable \"{}\" is not set; an empty text takes its place", issue.name), where,
        !close.empty() ? fmt::format("did you mean \"{}\"?", close)
                       : fmt::format("set it in .env, write ${{{}:-default}}, or $${} for the text itself", issue.name,
                                     issue.name)));
}

}  // namespace hoist::compose
