// SPDX-License-Identifier: Apache-2.0
#include "compose/variables.h"

#include "compose/files.h"
#include "compose/yaml.h"

namespace hoist::compose {
namespace {

std::size_t name_end(std::string_view text, std::size_t from) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (from >= text.size() || !letter(text[from])) return from;
    while (from < text.size() && (letter(text[from]) || (text[from] >= '0' && text[from] <= '9'))) ++from;
    return from;
}

/// The place behind the brace that closes the `${` at the front of `text`.
std::size_t behind_brace(std::string_view text) {
    int open = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{')
            ++open, ++i;
        else if (text[i] == '}' && --open == 0)
            return i + 1;
    }
    return text.size();
}

void take_braced(std::string_view braced, std::map<std::string, VariableUse>& found) {
    const std::size_t end = name_end(braced, 2);
    if (end == 2) return;
    VariableUse& use = found[std::string(braced.substr(2, end - 2))];
    std::string_view rest = braced.substr(end, braced.size() - end - (braced.ends_with('}') ? 1 : 0));
    if (rest.starts_with(':')) rest.remove_prefix(1);
    if (rest.empty()) return;
    const char form = rest[0];
    rest.remove_prefix(1);
    if (form == '?') use.required = true;
    if (form == '-' && use.fallback.empty()) use.fallback = rest;
    if (form == '+' && use.alternate.empty()) use.alternate = rest;
    find_variables(rest, found);
}

void walk(const Node& node, const Sources& sources, std::map<std::string, VariableUse>& all) {
    std::map<std::string, VariableUse> found;
    if (node.is_scalar()) find_variables(node.text, found);
    for (auto& [name, use] : found) {
        VariableUse& known = all[name];
        known.required = known.required || use.required;
        if (known.fallback.empty()) known.fallback = use.fallback;
        if (known.alternate.empty()) known.alternate = use.alternate;
        if (!known.file.empty()) continue;
        const Span span = sources.span(node.where);
        known.file = span.file, known.line = span.line;
    }
    for (const auto& item : node.items) walk(item, sources, all);
    for (const auto& entry : node.entries) walk(entry.value, sources, all);
}

}  // namespace

void find_variables(std::string_view text, std::map<std::string, VariableUse>& found) {
    for (std::size_t at = text.find('$'); at != std::string_view::npos && at + 1 < text.size();) {
        const std::string_view rest = text.substr(at);
        std::size_t length = 1;
        if (rest[1] == '$') {
            length = 2;
        } else if (rest[1] == '{') {
            length = behind_brace(rest);
            take_braced(rest.substr(0, length), found);
        } else if (const std::size_t end = name_end(rest, 1); end > 1) {
            found[std::string(rest.substr(1, end - 1))];
            length = end;
        }
        at = text.find('$', at + length);
    }
}

std::map<std::string, VariableUse> variables_used(const LoadOptions& options, const FileReader& read) {
    Context context(options, read);
    std::map<std::string, VariableUse> all;
    for (const auto& path : find_files(context).files) {
        auto text = context.read(path);
        if (!text) continue;
        const auto file = context.sources.add(path, std::move(*text), "", nullptr);
        for (const auto& document : read_yaml(file, context.sources, context.report))
            walk(document, context.sources, all);
    }
    context.report.end_phase();
    for (auto& [name, use] : all) {
        const auto value = value_of(*context.variables, name);
        use.set = value.has_value(), use.value = value.value_or("");
    }
    return all;
}

}  // namespace hoist::compose
