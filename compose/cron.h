#pragma once
// SPDX-License-Identifier: Apache-2.0
// Points in time that repeat, as crontab(5) writes them. Pure.

#include <bitset>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace hoist::compose {

/// "minute hour day month weekday" with *, lists, ranges, steps and names, or @hourly, @daily, @midnight, @weekly,
/// @monthly, @yearly, @annually. Where both day and weekday are restricted either suffices, as in cron.
class Cron {
public:
    /// nullopt: `problem` says why.
    static std::optional<Cron> parse(std::string_view text, std::string& problem);

    bool matches(const std::tm& time) const;
    /// The first matching minute after `time`; nullopt if none comes within five years (the 30th of February).
    /// @param utc  reckon in UTC instead of the machine's time zone
    std::optional<std::time_t> next_after(std::time_t time, bool utc) const;

private:
    bool matches_day(const std::tm& time) const;

    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;
    std::bitset<13> months_;
    std::bitset<8> weekdays_;
    bool any_day_ = true, any_weekday_ = true;
};

/// What is wrong with an expression; empty: nothing.
std::string check_cron(std::string_view text);

}  // namespace hoist::compose
