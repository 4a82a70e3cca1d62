// SPDX-License-Identifier: Apache-2.0
#include "builder/words.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace hoist::builder {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

std::vector<std::string> split_blanks(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        const auto begin = at;
        while (at < text.size() && !is_blank(text[at])) ++at;
        words.emplace_back(text.substr(begin, at - begin));
    }
    return words;
}

std::vector<std::string> split_quoted(std::string_view text, char escape) {
    std::vector<std::string> words;
    std::string word;
    char quote = 0;
    bool inside = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quote == 0 && is_blank(c)) {
            if (inside) words.push_back(std::exchange(word, {}));
            inside = false;
            continue;
        }
        inside = true;
        if (c == escape && quote != '\'') {
            if (at + 1 == text.size()) break;  // an escape at the very end says nothing
            word += c;
            word += text[++at];
            continue;
        }
        if (quote != 0 ? c == quote : c == '"' || c == '\'') quote = quote != 0 ? '\0' : c;
        word += c;
    }
    if (inside && !word.empty()) words.push_back(word);
    return words;
}

std::vector<std::string> take_flags(std::string_view& text) {
    std::vector<std::string> flags;
    for (;;) {
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
        if (!text.starts_with("--")) return flags;
        std::string flag;
        char quote = 0;
        while (!text.empty()) {
            char c = text.front();
            if (quote == 0 && is_blank(c)) break;
            text.remove_prefix(1);
            if (quote != 0 ? c == quote : c == '"' || c == '\'') {
                quote = quote != 0 ? '\0' : c;
                continue;
            }
            if (c == '\\' && !text.empty()) {
                c = text.front();
                text.remove_prefix(1);
            }
            flag += c;
        }
        if (flag == "--") return flags;
        flags.push_back(std::move(flag));
    }
}

std::optional<std::vector<std::string>> parse_string_array(std::string_view text, bool& mixed) {
    mixed = false;
    text = trim(text);
    if (!text.starts_with('[')) return std::nullopt;
    const Json parsed = Json::parse(text, nullptr, false);
    if (!parsed.is_array()) return std::nullopt;
    std::vector<std::string> words;
    for (const auto& item : parsed) {
        if (!item.is_string()) {
            mixed = true;
            return std::nullopt;
        }
        words.push_back(item.get<std::string>());
    }
    return words;
}

}  // namespace hoist::builder
