// SPDX-License-Identifier: Apache-2.0
#include "compose/write_yaml.h"

#include <strings.h>

#include <algorithm>
#include <array>

namespace hoist::compose {
namespace {

using Out = nlohmann::ordered_json;

/// Whether a text is read back as itself by any YAML parser without quotes.
bool is_plain(const std::string& text) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    constexpr std::string_view further = "0123456789-./@+=,";
    constexpr std::array words = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    if (text.empty() || (letters.find(text[0]) == std::string_view::npos && text[0] != '/')) return false;
    if (std::any_of(words.begin(), words.end(), [&](const char* w) { return ::strcasecmp(w, text.c_str()) == 0; }))
        return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return letters.find(c) != std::string_view::npos || further.find(c) != std::string_view::npos;
    });
}

std::string scalar(const Out& value) {
    if (!value.is_string()) return value.dump();
    const auto& text = value.get_ref<const std::string&>();
    // JSON's escapes are a part of YAML's.
    return is_plain(text) ? text : Out(text).dump(-1, ' ', false, Out::error_handler_t::replace);
}

void write(const Out& value, int indent, std::string& out) {
    const std::string blanks(static_cast<std::size_t>(indent), ' ');
    const auto below = [&](const Out& child, int deeper) {
        if (child.is_structured() && !child.empty()) {
            out += "\n";
            write(child, indent + deeper, out);
        } else {
            out += " " + (child.is_structured() ? child.dump() : scalar(child)) + "\n";
        }
    };
    if (value.is_object()) {
        for (const auto& [key, child] : value.items()) {
            out += blanks + scalar(key) + ":";
            below(child, 2);
        }
    } else {
        for (const auto& child : value) {
            if (child.is_object() && !child.empty()) {
                std::string entry;
                write(child, indent + 2, entry);
                out += blanks + "- " + entry.substr(static_cast<std::size_t>(indent) + 2);
            } else {
                out += blanks + "-";
                below(child, 2);
            }
        }
    }
}

}  // namespace

std::string write_yaml(const nlohmann::ordered_json& value) {
    std::string out;
    write(value, 0, out);
    return out;
}

}  // namespace hoist::compose
