// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge.h"

#include <charconv>

#include "base/text.h"

namespace hoist::registry {
namespace {

constexpr std::size_t longest_header = 16 * 1024;
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_token(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

/// Reads a header's tokens and quoted strings.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}
    bool at_end() const { return at_ >= text_.size(); }
    void skip(std::string_view characters) {
        while (!at_end() && characters.find(text_[at_]) != std::string_view::npos) ++at_;
    }
    std::string token() {
        const auto from = at_;
        while (!at_end() && is_token(text_[at_])) ++at_;
        return std::string(text_.substr(from, at_ - from));
    }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    std::string value() {
        if (!take('"')) return token();
        std::string result;
        while (!at_end() && !take('"')) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
            result += text_[at_++];
        }
        return result;
    }
    void skip_one() { ++at_; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::vector<Challenge> parse_challenges(const std::string& header) {
    std::vector<Challenge> found;
    Scanner scanner(std::string_view(header).substr(0, longest_header));
    while (true) {
        scanner.skip(" \t,");
        if (scanner.at_end()) return found;
        const std::string word = scanner.token();
        if (word.empty()) {
            scanner.skip_one();
            continue;
        }
        scanner.skip(" \t");
        if (!scanner.take('=')) {
            found.push_back({lower_case(word), {}});
            continue;
        }
        scanner.skip(" \t");
        std::string value = scanner.value();
        if (!found.empty()) found.back().parameters.try_emplace(lower_case(word), std::move(value));
    }
}

std::optional<ContentRange> parse_content_range(const std::string& header) {
    const std::string_view text = header;
    if (!text.starts_with("bytes ")) return std::nullopt;
    const auto dash = text.find('-'), slash = text.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
    const auto first = number(text.substr(6, dash - 6)), last = number(text.substr(dash + 1, slash - dash - 1));
    if (!first || !last || *last < *first) return std::nullopt;
    ContentRange range{*first, *last, std::nullopt};
    if (text.substr(slash + 1) == "*") return range;
    range.whole = number(text.substr(slash + 1));
    if (!range.whole || *range.whole <= *last) return std::nullopt;
    return range;
}

std::optional<int> parse_retry_after(const std::string& header) {
    const auto seconds = number(header);
    if (!seconds) return std::nullopt;
    return static_cast<int>(std::min<std::int64_t>(*seconds, 3600));
}

std::string base64(const std::string& bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < have ? static_cast<unsigned char>(bytes[at + i]) : 0u);
        for (std::size_t i = 0; i < 4; ++i) text += i <= have ? alphabet[group >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

std::optional<std::string> unbase64(const std::string& text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int have = 0;
    for (const char c : text) {
        if (c == '=' || c == '\n' || c == '\r') continue;
        const auto value = alphabet.find(c == '-' ? '+' : c == '_' ? '/' : c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        bytes += static_cast<char>(bits >> have & 0xff);
    }
    return bytes;
}

}  // namespace hoist::registry
