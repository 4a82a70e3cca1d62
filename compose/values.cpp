// SPDX-License-Identifier: Apache-2.0
#include "compose/values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace hoist::compose {
namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Diagnostic& Values::error(const char* code, const Origin& where, const std::string& message, std::string help) {
    failed_ = true;
    return context_.report.error(code, subject_.empty() ? message : subject_ + ": " + message, where, std::move(help));
}

Diagnostic& Values::warning(const char* code, const Origin& where, const std::string& message, std::string help) {
    return context_.report.warning(code, subject_.empty() ? message : subject_ + ": " + message, where,
                                   std::move(help));
}

void Values::wrong_type(const std::string& key, const Node& node, const char* expected, std::string help) {
    const std::string what = key.starts_with("an entry") ? key : key.empty() ? "its definition" : "`" + key + "`";
    error("C04", node.where, fmt::format("{} is {}, not {}", what, expected, describe(node)), std::move(help));
}

bool Values::is_list(const std::string& key, const Node& node) {
    if (node.is_sequence()) return true;
    if (node.is_null()) return false;
    wrong_type(
        key, node, "a list",
        node.is_scalar() ? fmt::format("write\n{}:\n  - \"{}\"", key, node.text) : "begin each entry with \"- \"");
    return false;
}

bool Values::is_map(const std::string& key, const Node& node) {
    if (node.is_map()) return true;
    if (!node.is_null()) wrong_type(key, node, "a map");
    return false;
}

bool Values::is_text(const std::string& key, const Node& node) {
    if (node.is_scalar()) return true;
    if (!node.is_null()) wrong_type(key, node, "a text");
    return false;
}

void Values::read(const std::string& key, const Node& node, std::string& out) {
    if (is_text(key, node)) out = node.text;
}

void Values::read(const std::string& key, const Node& node, bool& out) {
    if (node.is_null()) return;
    const std::string& t = node.text;
    const auto is = [&](std::initializer_list<const char*> words) {
        return std::any_of(words.begin(), words.end(), [&](const char* w) {
            return t.size() == std::string_view(w).size() && starts_with_ignoring_case(t, w);
        });
    };
    const bool yes = is({"true", "1"}), no = is({"false", "0"}), loosely_yes = is({"yes", "y", "on"}),
               loosely_no = is({"no", "n", "off"});
    if (!node.is_scalar() || !(yes || no || loosely_yes || loosely_no)) return wrong_type(key, node, "true or false");
    if (loosely_yes || loosely_no)
        warning("C04", node.where, fmt::format("`{}`: \"{}\" is read as {}", key, t, loosely_yes),
                "write true or false");
    out = yes || loosely_yes;
}

void Values::read(const std::string& key, const Node& node, std::int64_t& out) {
    if (node.is_null()) return;
    const auto value = node.is_scalar() ? parse_number<std::int64_t>(node.text) : std::nullopt;
    if (!value) return wrong_type(key, node, "a whole number");
    out = *value;
}

void Values::read(const std::string& key, const Node& node, int& out) {
    if (node.is_null()) return;
    const auto value = node.is_scalar() ? parse_number<int>(node.text) : std::nullopt;
    if (!value) return wrong_type(key, node, "a whole number");
    out = *value;
}

void Values::read(const std::string& key, const Node& node, double& out) {
    if (node.is_null()) return;
    const auto value = node.is_scalar() ? parse_number<double>(node.text) : std::nullopt;
    if (!value || !std::isfinite(*value)) return wrong_type(key, node, "a number");
    out = *value;
}

void Values::read(const std::string& key, const Node& node, Bytes& out) {
    if (!is_text(key, node)) return;
    const auto value = parse_bytes(node.text);
    if (!value) {
        error("C05", node.where, fmt::format("`{}`: \"{}\" is not a size", key, node.text),
              "write a number of bytes, or one with b, k, m or g: 512m");
        return;
    }
    out = *value;
}

void Values::read(const std::string& key, const Node& node, Nanoseconds& out) {
    if (!is_text(key, node)) return;
    const auto value = parse_duration(node.text);
    if (!value) {
        const bool number = node.text.find_first_not_of("0123456789") == std::string::npos;
        error("C05", node.where, fmt::format("`{}`: \"{}\" is not a duration", key, node.text),
              number ? fmt::format("write the unit: {}s", node.text) : "write a number with us, ms, s, m or h: 1m30s");
        return;
    }
    out = *value;
}

void Values::read(const std::string& key, const Node& node, std::vector<std::string>& out) {
    if (!is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (item.is_scalar())
            out.push_back(item.text);
        else
            wrong_type("an entry of " + key, item, "a text");
    }
}

void Values::read(const std::string& key, const Node& node, StringMap& out) {
    if (node.is_null()) return;
    if (node.is_sequence()) {  // a list of texts is a map by now
        for (const auto& item : node.items) {
            if (item.is_scalar()) continue;
            const bool pair = item.is_map() && item.entries.size() == 1;
            wrong_type("an entry of " + key, item, "KEY=value",
                       pair ? fmt::format("write `- {0}={1}`, or `{0}: {1}` without the dash", item.entries[0].key,
                                          item.entries[0].value.text)
                            : "");
        }
        return;
    }
    if (!node.is_map()) return wrong_type(key, node, "a map or a list of KEY=value");
    for (const auto& entry : node.entries) {
        if (entry.value.is_null())
            out[entry.key] = "";
        else if (is_text(key + "." + entry.key, entry.value))
            out[entry.key] = entry.value.text;
    }
}

void Values::read_mode(const std::string& key, const Node& node, std::optional<std::uint32_t>& out) {
    if (!is_text(key, node)) return;
    std::string_view digits = node.text;
    if (digits.starts_with("0o")) digits.remove_prefix(2);
    std::uint32_t mode = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
    if (problem != std::errc() || end != digits.data() + digits.size() || mode > 07777) {
        error("C05", node.where, fmt::format("`{}`: \"{}\" is not a file mode", key, node.text),
              "write it in octal: 0440");
        return;
    }
    out = mode;
}

void Values::read_command(const std::string& key, const Node& node, std::optional<std::vector<std::string>>& out) {
    if (node.is_null()) return;
    if (node.is_sequence()) {
        std::vector<std::string> words;
        read(key, node, words);
        out = std::move(words);
        return;
    }
    if (!node.is_scalar()) return wrong_type(key, node, "a text or a list");
    auto words = split_command(node.text);
    if (words)
        out = std::move(words);
    else
        error("C05", node.where, fmt::format("`{}`: a quote is not closed", key));
}

std::string Values::path_of(const Node& node, std::string_view path) const {
    if (!context_.options.resolve_paths) return std::string(path);
    return resolve_path(context_.sources.file(node.where).base_dir, path, context_.home);
}

void Values::read_path(const std::string& key, const Node& node, std::string& out) {
    if (is_text(key, node)) out = path_of(node, node.text);
}

Json Values::json_of(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return nullptr;
        case Node::Kind::sequence: {
            Json list = Json::array();
            for (const auto& item : node.items) list.push_back(json_of(item));
            return list;
        }
        case Node::Kind::map: {
            Json map = Json::object();
            for (const auto& entry : node.entries) map[entry.key] = json_of(entry.value);
            return map;
        }
        case Node::Kind::scalar:
            break;
    }
    if (!node.plain) return node.text;
    if (node.text == "true" || node.text == "false") return node.text == "true";
    const bool canonical = node.text.size() < 2 || (node.text[0] != '0' && node.text[0] != '+');
    if (const auto whole = parse_number<std::int64_t>(node.text); whole && canonical) return *whole;
    return node.text;
}

std::optional<std::vector<std::string>> split_command(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\'' || c == '"') {
            in_word = true;
            for (++i; i < text.size() && text[i] != c; ++i) {
                if (c == '"' && text[i] == '\\' && i + 1 < text.size() &&
                    std::string_view("\"\\$`\n").find(text[i + 1]) != std::string_view::npos)
                    ++i;
                word += text[i];
            }
            if (i == text.size()) return std::nullopt;
        } else if (c == '\\' && i + 1 < text.size()) {
            in_word = true;
            if (text[++i] != '\n') word += text[i];
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else {
            in_word = true;
            word += c;
        }
    }
    if (in_word) words.push_back(std::move(word));
    return words;
}

}  // namespace hoist::compose
