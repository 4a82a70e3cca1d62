// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>

namespace hoist {
namespace {

struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;  ///< bytes; 0: malformed
};

/// Decodes one UTF-8 sequence; over-long forms, surrogates and values past U+10FFFF are malformed.
CodePoint decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
    char32_t value = lead & (0xff >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        value = (value << 6) | (byte(i) & 0x3f);
    }
    constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[length] || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff) return {};
    return {value, length};
}

bool is_dangerous(char32_t value) {
    return value < 0x20 || (value >= 0x7f && value < 0xa0) ||  // C0, DEL, C1
           (value >= 0x200e && value <= 0x200f) || (value >= 0x202a && value <= 0x202e) ||
           (value >= 0x2066 && value <= 0x2069) || value == 0x061c ||  // bidirectional marks
           value == 0x2028 || value == 0x2029 || value == 0xfeff;
}

}  // namespace

std::string escape_for_terminal(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = decode(text);
        if (point.length == 0) {
            safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
            text.remove_prefix(1);
            continue;
        }
        if (point.value == '\t' || point.value == '\n' || !is_dangerous(point.value)) {
            safe.append(text.substr(0, point.length));
        } else if (point.value < 0x100) {
            safe += fmt::format("\\x{:02x}", static_cast<unsigned>(point.value));
        } else {
            safe += fmt::format("\\u{:04x}", static_cast<unsigned>(point.value));
        }
        text.remove_prefix(point.length);
    }
    return safe;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string text;
    for (const auto& part : parts) {
        if (&part != &parts.front()) text += separator;
        text += part;
    }
    return text;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && ::strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::vector<std::size_t>> cost(left.size() + 1, std::vector<std::size_t>(right.size() + 1));
    for (std::size_t i = 0; i <= left.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= right.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[left.size()][right.size()];
}

int parse_signal(std::string_view text) {
    if (starts_with_ignoring_case(text, "SIG")) text.remove_prefix(3);
    if (text.empty() || text.size() > 10) return 0;
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        const long number = std::strtol(std::string(text).c_str(), nullptr, 10);
        return number >= 1 && number <= 64 ? static_cast<int>(number) : 0;
    }
    std::string upper(text);
    std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
    if (upper == "IOT") return SIGABRT;
    if (upper == "CLD") return SIGCHLD;
    if (upper == "POLL") return SIGIO;
    // The kernel's numbers: 34 and 64, whatever glibc keeps for itself.
    if (upper.rfind("RTMIN", 0) == 0 || upper.rfind("RTMAX", 0) == 0) {
        const bool low = upper[4] == 'N';
        const int base = low ? 34 : 64;
        if (upper.size() == 5) return base;
        if (upper.size() < 7 || upper[5] != (low ? '+' : '-')) return 0;
        const int offset = std::atoi(upper.c_str() + 6);
        const int number = low ? base + offset : base - offset;
        return number >= 34 && number <= 64 ? number : 0;
    }
    for (int number = 1; number < 32; ++number) {
        const char* name = ::sigabbrev_np(number);
        if (name && upper == name) return number;
    }
    return 0;
}

std::string signal_name(int number) {
    const char* name = number > 0 && number < 32 ? ::sigabbrev_np(number) : nullptr;
    if (name) return std::string("SIG") + name;
    return fmt::format("signal {}", number);
}

}  // namespace hoist
