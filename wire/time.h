#pragma once
// SPDX-License-Identifier: Apache-2.0
// Points in time in query strings and on command lines.

#include <optional>
#include <string>

#include "base/units.h"

namespace hoist::wire {

/// Reads unix seconds with an optional fraction ("1700000000.123456789"), RFC 3339, a date ("2026-01-31", UTC, with an
/// optional time), or a duration before `now` ("10m"). @throws Error(invalid) that names `what`
TimePoint parse_moment(const std::string& text, TimePoint now, const std::string& what);
/// As parse_moment; nullopt for "" and "0", which clients send for "not given".
std::optional<TimePoint> parse_optional_moment(const std::string& text, TimePoint now, const std::string& what);
/// "1700000000.123456789"
std::string unix_text(TimePoint time);
std::int64_t unix_seconds(TimePoint time);
std::int64_t unix_nanoseconds(TimePoint time);

/// Docker's time of things that have not happened.
inline constexpr const char* never = "0001-01-01T00:00:00Z";
/// format_time, or `never` for the epoch.
std::string time_or_never(TimePoint time);

}  // namespace hoist::wire
