// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cmath>
#include <ctime>
#include <limits>

#include "base/text.h"

namespace hoist {
namespace {

/// Takes "12" or "12.5" off the front. nullopt if there is no digit.
std::optional<long double> take_number(std::string_view& text) {
    long double value = 0, scale = 1;
    bool any = false, fraction = false;
    while (!text.empty()) {
        const char c = text.front();
        if (c == '.' && !fraction) {
            fraction = true;
        } else if (c >= '0' && c <= '9') {
            any = true;
            if (fraction) scale /= 10;
            value = fraction ? value + (c - '0') * scale : value * 10 + (c - '0');
        } else {
            break;
        }
        text.remove_prefix(1);
    }
    if (!any) return std::nullopt;
    return value;
}

constexpr long double int64_max = 9223372036854775807.0L;

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
constexpr std::array units = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"\xc2\xb5s", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"d", 86'400'000'000'000},
    Unit{"w", 604'800'000'000'000},
};

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
    text = trim(text);
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    text = trim(text);
    long double factor = 1;
    if (!text.empty()) {
        constexpr std::string_view prefixes = "bkmgtp";
        const auto power = prefixes.find(static_cast<char>(std::tolower(static_cast<unsigned char>(text.front()))));
        if (power == std::string_view::npos) return std::nullopt;
        factor = std::pow(1024.0L, static_cast<long double>(power));
        text.remove_prefix(1);
        const bool is_bytes = power == 0;
        if (!text.empty() &&
            (is_bytes || !(text.size() == 1 ? starts_with_ignoring_case(text, "b")
                                            : text.size() == 2 && starts_with_ignoring_case(text, "ib"))))
            return std::nullopt;
    }
    const long double size = *number * factor;
    if (size > int64_max) return std::nullopt;
    return Bytes{static_cast<std::int64_t>(size)};
}

std::string format_bytes(Bytes size) {
    constexpr std::array names = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = static_cast<double>(size.count);
    std::size_t unit = 0;
    while (value >= 1000 && unit + 1 < names.size()) {
        value /= 1000;
        ++unit;
    }
    return fmt::format("{:.3g}{}", value, names[unit]);
}

std::optional<Nanoseconds> parse_duration(std::string_view text) {
    if (text == "0") return Nanoseconds(0);
    if (text.empty()) return std::nullopt;
    long double total = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        const Unit* found = nullptr;
        for (const auto& unit : units)
            if (text.starts_with(unit.name) && (!found || unit.name.size() > found->name.size())) found = &unit;
        if (!found) return std::nullopt;
        text.remove_prefix(found->name.size());
        total += *number * static_cast<long double>(found->nanoseconds);
    }
    if (total > int64_max) return std::nullopt;
    return Nanoseconds(static_cast<std::int64_t>(std::llround(total)));
}

std::string format_duration(Nanoseconds duration) {
    std::int64_t left = duration.count();
    if (left == 0) return "0s";
    std::string text;
    if (left < 0) {
        text = "-";
        left = -left;
    }
    constexpr std::array used = {Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
                                 Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1}};
    for (const auto& unit : used) {
        if (left < unit.nanoseconds) continue;
        text += fmt::format("{}{}", left / unit.nanoseconds, unit.name);
        left %= unit.nanoseconds;
    }
    return text;
}

std::string human_duration(Nanoseconds duration) {
    const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return fmt::format("{} seconds", seconds);
    const std::int64_t minutes = seconds / 60, hours = (seconds + 1800) / 3600;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return fmt::format("{} minutes", minutes);
    if (hours == 1) return "About an hour";
    if (hours < 48) return fmt::format("{} hours", hours);
    if (hours < 24 * 7 * 2) return fmt::format("{} days", hours / 24);
    if (hours < 24 * 30 * 2) return fmt::format("{} weeks", hours / 24 / 7);
    if (hours < 24 * 365 * 2) return fmt::format("{} months", hours / 24 / 30);
    return fmt::format("{} years", hours / 24 / 365);
}

TimePoint now() noexcept {
    return std::chrono::time_point_cast<Nanoseconds>(std::chrono::system_clock::now());
}

std::string format_time(TimePoint time) {
    const std::int64_t count = time.time_since_epoch().count();
    std::time_t seconds = count / 1'000'000'000;
    std::int64_t fraction = count % 1'000'000'000;
    if (fraction < 0) {
        fraction += 1'000'000'000;
        --seconds;
    }
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, fraction);
}

std::optional<TimePoint> parse_time(std::string_view text) {
    const std::string copy(text);
    std::tm parts{};
    const char* rest = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest) return std::nullopt;
    std::int64_t fraction = 0;
    if (*rest == '.') {
        ++rest;
        std::int64_t scale = 100'000'000;
        if (!std::isdigit(static_cast<unsigned char>(*rest))) return std::nullopt;
        for (; std::isdigit(static_cast<unsigned char>(*rest)); ++rest, scale /= 10) fraction += (*rest - '0') * scale;
    }
    std::int64_t offset = 0;
    if (*rest == 'Z' || *rest == 'z') {
        ++rest;
    } else if (*rest == '+' || *rest == '-') {
        int hours = 0, minutes = 0;
        if (std::sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2) return std::nullopt;
        offset = (hours * 60 + minutes) * 60 * (*rest == '+' ? 1 : -1);
        rest += 6;
    } else {
        return std::nullopt;
    }
    if (*rest != '\0') return std::nullopt;
    const std::int64_t seconds = ::timegm(&parts) - offset;
    return TimePoint(Nanoseconds(seconds * 1'000'000'000 + fraction));
}

}  // namespace hoist
