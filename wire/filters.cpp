// SPDX-License-Identifier: Apache-2.0
#include "wire/filters.h"

#include <regex.h>

#include "base/error.h"
#include "base/json.h"

namespace hoist::wire {
namespace {

constexpr std::size_t longest_pattern = 256;

/// Whether a pattern matches somewhere in the name, as Docker's name filter; a broken pattern is compared as text.
/// POSIX matching is linear in what it is given, unlike std::regex, which recurses.
bool matches(const std::string& pattern, const std::string& name) {
    if (name.find(pattern) != std::string::npos) return true;
    regex_t compiled;
    if (pattern.size() > longest_pattern || ::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    const bool found = ::regexec(&compiled, name.c_str(), 0, nullptr, 0) == 0;
    ::regfree(&compiled);
    return found;
}

bool has_label(const std::map<std::string, std::string>& labels, const std::string& wanted) {
    const auto equals = wanted.find('=');
    const auto found = labels.find(wanted.substr(0, equals));
    return found != labels.end() && (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

}  // namespace

Filters Filters::parse(std::string_view text, const std::set<std::string>& known) {
    Filters filters;
    if (text.empty()) return filters;
    const Json document = parse_json(text, "filters");
    if (!document.is_object()) fail(Kind::invalid, "invalid filters: not an object");
    for (const auto& [key, values] : document.items()) {
        if (!known.contains(key)) fail(Kind::invalid, "invalid filter '{}'", key);
        if (values.is_array()) {
            for (const auto& value : values) {
                if (!value.is_string()) fail(Kind::invalid, "invalid filter '{}': not a list of strings", key);
                filters.add(key, value.get<std::string>());
            }
        } else if (values.is_object()) {
            for (const auto& [value, unused] : values.items()) filters.add(key, value);
        } else {
            fail(Kind::invalid, "invalid filter '{}': not a list of strings", key);
        }
    }
    return filters;
}

void Filters::add(const std::string& key_and_value) {
    const auto equals = key_and_value.find('=');
    if (equals == std::string::npos || equals == 0)
        fail(Kind::invalid, "invalid filter '{}': write key=value", key_and_value);
    add(key_and_value.substr(0, equals), key_and_value.substr(equals + 1));
}

std::vector<std::string> Filters::values(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
}

bool Filters::allows(const std::string& key, const std::string& value) const {
    const auto wanted = values(key);
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool Filters::allows_prefix(const std::string& key, const std::string& value) const {
    const auto wanted = values(key);
    return wanted.empty() ||
           std::any_of(wanted.begin(), wanted.end(), [&](const auto& one) { return value.rfind(one, 0) == 0; });
}

bool Filters::allows_name(const std::string& key, const std::string& value) const {
    const auto wanted = values(key);
    return wanted.empty() ||
           std::any_of(wanted.begin(), wanted.end(), [&](const auto& one) { return matches(one, value); });
}

bool Filters::allows_labels(const std::map<std::string, std::string>& labels) const {
    for (const auto& wanted : values("label"))
        if (!has_label(labels, wanted)) return false;
    for (const auto& unwanted : values("label!"))
        if (has_label(labels, unwanted)) return false;
    return true;
}

std::string Filters::str() const {
    return values_.empty() ? "" : Json(values_).dump();
}

}  // namespace hoist::wire
