// SPDX-License-Identifier: Apache-2.0
#include "builder/glob.h"

#include <vector>

namespace hoist::builder {
namespace {

constexpr std::size_t longest_path = 4096;

/// The bytes of the letter at the text's start.
std::size_t letter_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return std::min(length, text.size());
}

/// Patterns and texts come from outside: matching is by a table of reachable positions, so that no pattern takes more
/// than pattern times text.
class PathMatcher {
public:
    PathMatcher(std::string_view pattern, std::string_view text)
        : pattern_(pattern), text_(text), known_((pattern.size() + 1) * (text.size() + 1), 0) {}

    bool run() { return match(0, 0); }

private:
    bool match(std::size_t p, std::size_t t) {
        auto& known = known_[p * (text_.size() + 1) + t];
        if (known == 0) known = look(p, t) ? 1 : 2;
        return known == 1;
    }

    bool look(std::size_t p, std::size_t t) {
        if (p == pattern_.size()) return t == text_.size();
        const char c = pattern_[p];
        if (c == '*') return pattern_.substr(p, 2) == "**" ? look_deep(p, t) : look_star(p, t);
        if (t == text_.size()) return false;
        if (c == '?') return text_[t] != '/' && match(p + 1, t + letter_length(text_.substr(t)));
        if (c == '[') return look_class(p + 1, t);
        if (c == '\\' && p + 1 < pattern_.size()) return pattern_[p + 1] == text_[t] && match(p + 2, t + 1);
        return c == text_[t] && match(p + 1, t + 1);
    }

    bool look_star(std::size_t p, std::size_t t) {
        if (match(p + 1, t)) return true;
        return t < text_.size() && text_[t] != '/' && match(p, t + 1);
    }

    /// "**/" is any number of directories, "**" at the end all that is left.
    bool look_deep(std::size_t p, std::size_t t) {
        auto after = p + 2;
        if (after == pattern_.size()) return true;
        if (pattern_[after] == '/') ++after;
        if (match(after, t)) return true;
        const auto slash = text_.find('/', t);
        return slash != std::string_view::npos && match(p, slash + 1);
    }

    bool look_class(std::size_t p, std::size_t t) {
        const auto close = pattern_.find(']', p + 1);
        if (close == std::string_view::npos || text_[t] == '/') return false;
        const bool negated = pattern_[p] == '^' || pattern_[p] == '!';
        if (negated) ++p;
        bool found = false;
        while (p < close) {
            if (pattern_[p] == '\\' && p + 1 < close) ++p;
            const char low = pattern_[p++];
            char high = low;
            if (p + 1 < close && pattern_[p] == '-') high = pattern_[p + 1], p += 2;
            found = found || (low <= text_[t] && text_[t] <= high);
        }
        return found != negated && match(close + 1, t + letter_length(text_.substr(t)));
    }

    std::string_view pattern_, text_;
    std::vector<char> known_;  ///< 0: not looked at, 1: matches, 2: does not
};

}  // namespace

std::vector<bool> matching_lengths(std::string_view pattern, std::string_view text) {
    std::vector<bool> reached(text.size() + 1);
    reached[0] = true;
    for (std::size_t p = 0; p < pattern.size(); ++p) {
        std::vector<bool> next(text.size() + 1);
        const bool escaped = pattern[p] == '\\' && p + 1 < pattern.size();
        if (escaped) ++p;
        bool any = false;
        for (std::size_t t = 0; t <= text.size(); ++t) {
            any = any || reached[t];
            if (pattern[p] == '*' && !escaped)
                next[t] = any;
            else if (t < text.size() && reached[t] && pattern[p] == '?' && !escaped)
                next[t + letter_length(text.substr(t))] = true;
            else if (t < text.size() && reached[t] && pattern[p] == text[t])
                next[t + 1] = true;
        }
        reached = std::move(next);
    }
    return reached;
}

bool matches_path(std::string_view pattern, std::string_view path) {
    if (pattern.size() > longest_path || path.size() > longest_path) return false;  // no file has such a name
    return PathMatcher(pattern, path).run();
}

std::optional<std::string> pattern_mistake(std::string_view pattern) {
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\') {
            if (++at == pattern.size()) return "nothing follows the \\";
        } else if (pattern[at] == '[') {
            const auto close = pattern.find(']', at + 2);
            if (close == std::string_view::npos) return "a [ is not closed";
            at = close;
        }
    }
    return std::nullopt;
}

bool has_wildcards(std::string_view pattern) {
    return pattern.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace hoist::builder
