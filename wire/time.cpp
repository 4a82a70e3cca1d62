// SPDX-License-Identifier: Apache-2.0
#include "wire/time.h"

#include <charconv>

#include "base/error.h"

namespace hoist::wire {
namespace {

std::optional<TimePoint> parse_unix(const std::string& text) {
    const auto dot = text.find('.');
    const std::string whole = text.substr(0, dot);
    std::int64_t seconds = 0;
    const auto [end, problem] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
    if (problem != std::errc() || end != whole.data() + whole.size()) return std::nullopt;
    constexpr std::int64_t furthest = 9'000'000'000;  // beyond, nanoseconds overflow
    if (seconds > furthest || seconds < -furthest) return std::nullopt;
    std::int64_t nanoseconds = 0;
    if (dot != std::string::npos) {
        std::string digits = text.substr(dot + 1).substr(0, 9);
        if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
        digits.resize(9, '0');
        nanoseconds = std::stoll(digits);
    }
    return TimePoint(std::chrono::seconds(seconds) + Nanoseconds(nanoseconds));
}

}  // namespace

TimePoint parse_moment(const std::string& text, TimePoint now, const std::string& what) {
    if (const auto moment = parse_unix(text)) return *moment;
    if (const auto moment = parse_time(text)) return *moment;
    if (const auto moment = parse_time(text + "Z")) return *moment;
    if (const auto moment = parse_time(text + "T00:00:00Z")) return *moment;
    if (const auto before = parse_duration(text)) return now - *before;
    fail(Kind::invalid, "invalid {} '{}': write a time (2026-01-31T12:00:00Z), unix seconds, or a duration (10m)", what,
         text);
}

std::optional<TimePoint> parse_optional_moment(const std::string& text, TimePoint now, const std::string& what) {
    if (text.empty() || text == "0") return std::nullopt;
    return parse_moment(text, now, what);
}

std::int64_t unix_nanoseconds(TimePoint time) {
    return time.time_since_epoch().count();
}

std::int64_t unix_seconds(TimePoint time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string unix_text(TimePoint time) {
    const auto seconds = unix_seconds(time);
    return fmt::format("{}.{:09}", seconds, unix_nanoseconds(time) - seconds * 1'000'000'000);
}

std::string time_or_never(TimePoint time) {
    return time == TimePoint{} ? never : format_time(time);
}

}  // namespace hoist::wire
