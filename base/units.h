#pragma once
// SPDX-License-Identifier: Apache-2.0
// Byte sizes, durations and points in time, as Compose files and Docker's API write them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hoist {

using Nanoseconds = std::chrono::nanoseconds;
/// Wall-clock time, for records and for people; waiting uses std::chrono::steady_clock.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Nanoseconds>;

/// A size in bytes.
struct Bytes {
    std::int64_t count = 0;
    auto operator<=>(const Bytes&) const = default;
};

/// Reads "512m", "1gb", "2.5GiB", "1024": powers of 1024, any case. nullopt if malformed, negative or over 2^63-1.
/// @see compose-spec 11-extension.md "Specifying byte values"
std::optional<Bytes> parse_bytes(std::string_view text);
/// "10.5MB"-like text for people, three significant digits, powers of 1000, as docker's tables.
std::string format_bytes(Bytes size);

/// Reads "1m30s", "500ms", "1.5h", "2d": us ms s m h d w, combined without blanks. A bare number other than 0 is not
/// a duration. nullopt if malformed or out of range. @see compose-spec "Specifying durations"
std::optional<Nanoseconds> parse_duration(std::string_view text);
/// "1m30s", "500ms": the shortest exact form that parse_duration reads back.
std::string format_duration(Nanoseconds duration);
/// "2 minutes", "About an hour": how docker's tables tell an age.
std::string human_duration(Nanoseconds duration);

TimePoint now() noexcept;
/// RFC 3339 in UTC with nanoseconds: 2026-01-31T12:00:00.123456789Z
std::string format_time(TimePoint time);
/// Reads what format_time writes, and any RFC 3339 time with an offset. nullopt if malformed.
std::optional<TimePoint> parse_time(std::string_view text);

}  // namespace hoist
