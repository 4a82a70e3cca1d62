// SPDX-License-Identifier: Apache-2.0
#include "wire/url.h"

#include <charconv>

#include "base/error.h"
#include "base/text.h"

namespace hoist::wire {
namespace {

constexpr std::size_t most_parameters = 1000;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// In a query, '+' stands for a blank.
std::string decode_parameter(std::string_view text) {
    std::string blanks(text);
    std::replace(blanks.begin(), blanks.end(), '+', ' ');
    return percent_decode(blanks);
}

}  // namespace

std::string percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        const int value = high * 16 + low;
        if (high < 0 || low < 0 || value == 0)
            fail(Kind::invalid, "invalid URL escape in '{}'", escape_for_terminal(text.substr(0, 100)));
        decoded += static_cast<char>(value);
        i += 2;
    }
    return decoded;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        if (plain)
            encoded += c;
        else
            encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return encoded;
}

Query Query::parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const auto end = text.find('&');
        const auto pair = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (pair.empty()) continue;
        if (query.values_.size() == most_parameters)
            fail(Kind::invalid, "more than {} query parameters", most_parameters);
        const auto equals = pair.find('=');
        query.add(decode_parameter(pair.substr(0, equals)),
                  equals == std::string_view::npos ? "" : decode_parameter(pair.substr(equals + 1)));
    }
    return query;
}

std::optional<std::string> Query::find(const std::string& name) const {
    for (const auto& [key, value] : values_)
        if (key == name) return value;
    return std::nullopt;
}

std::string Query::get(const std::string& name, std::string fallback) const {
    return find(name).value_or(std::move(fallback));
}

std::vector<std::string> Query::all(const std::string& name) const {
    std::vector<std::string> found;
    for (const auto& [key, value] : values_)
        if (key == name) found.push_back(value);
    return found;
}

bool Query::flag(const std::string& name, bool fallback) const {
    const auto value = find(name);
    if (!value) return fallback;
    return !value->empty() && *value != "0" && *value != "no" && *value != "false" && *value != "none" &&
           *value != "False";
}

std::optional<std::int64_t> Query::number(const std::string& name) const {
    const auto text = find(name);
    if (!text || text->empty()) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (problem != std::errc() || end != text->data() + text->size())
        fail(Kind::invalid, "invalid value for {}: '{}' is not a number", name, *text);
    return value;
}

Query& Query::add(std::string name, std::string value) {
    values_.emplace_back(std::move(name), std::move(value));
    return *this;
}

std::string Query::str() const {
    std::string text;
    for (const auto& [name, value] : values_)
        text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
    return text;
}

}  // namespace hoist::wire
