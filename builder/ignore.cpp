// SPDX-License-Identifier: Apache-2.0
#include "builder/ignore.h"

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "builder/glob.h"

namespace hoist::builder {
namespace {

bool matches_it_or_above(const std::string& pattern, std::string_view path) {
    for (auto end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1))
        if (matches_path(pattern, path.substr(0, end))) return true;
    return matches_path(pattern, path);
}

}  // namespace

void IgnoreRules::add(std::string_view line) {
    line = trim(line);
    if (line.empty()) return;
    Rule rule;
    if (line.front() == '!') {
        rule.lets_in = true;
        line = trim(line.substr(1));
        if (line.empty()) fail(Kind::invalid, "\"!\" alone lets nothing in; a pattern must follow it");
    }
    rule.pattern = clean_path(std::string(line)).substr(1);
    if (rule.pattern.empty()) return;  // "/" and "." say nothing of any file
    if (const auto mistake = pattern_mistake(rule.pattern))
        fail(Kind::invalid, "pattern \"{}\": {}", escape_for_terminal(rule.pattern), *mistake);
    rules_.push_back(std::move(rule));
}

IgnoreRules IgnoreRules::parse(std::string_view text, const std::string& name) {
    IgnoreRules rules;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    int number = 0;
    for (const auto& line : split(text, '\n')) {
        ++number;
        if (line.starts_with('#')) continue;
        try {
            rules.add(line);
        } catch (Error& error) {
            throw error.during("{}:{}", name, number);
        }
    }
    return rules;
}

IgnoreRules IgnoreRules::of(const std::vector<std::string>& patterns) {
    IgnoreRules rules;
    for (const auto& pattern : patterns) rules.add(pattern);
    return rules;
}

bool IgnoreRules::leaves_out(std::string_view path) const {
    bool out = false;
    for (const auto& rule : rules_)
        if (rule.lets_in == out && matches_it_or_above(rule.pattern, path)) out = !rule.lets_in;
    return out;
}

bool IgnoreRules::may_let_in_below(std::string_view directory) const {
    const auto depth = split(directory, '/').size();
    for (const auto& rule : rules_) {
        if (!rule.lets_in) continue;
        if (rule.pattern.find("**") != std::string::npos) return true;
        auto parts = split(rule.pattern, '/');
        if (parts.size() <= depth) continue;
        parts.resize(depth);
        if (matches_path(join(parts, "/"), directory)) return true;
    }
    return false;
}

std::string IgnoreRules::text() const {
    std::string text;
    for (const auto& rule : rules_) text += (rule.lets_in ? "!" : "") + rule.pattern + "\n";
    return text;
}

}  // namespace hoist::builder
