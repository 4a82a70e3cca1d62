// SPDX-License-Identifier: Apache-2.0
#include "compose/cron.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>

#include "base/text.h"

namespace hoist::compose {
namespace {

constexpr std::time_t farthest = 5L * 366 * 24 * 3600;

struct Range {
    const char* name;
    int first, last;
    std::vector<const char*> words;  ///< names of the values from `first` on
};

std::optional<int> number_of(std::string_view text, const Range& range) {
    for (std::size_t i = 0; i < range.words.size(); ++i)
        if (text.size() == 3 && starts_with_ignoring_case(text, range.words[i]))
            return range.first + static_cast<int>(i);
    int value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <std::size_t size>
bool take_part(std::string_view part, const Range& range, std::bitset<size>& bits, std::string& problem) {
    const std::string_view whole = part;
    int step = 1;
    if (const auto slash = part.find('/'); slash != std::string_view::npos) {
        const auto given = number_of(part.substr(slash + 1), {"step", 0, 0, {}});
        if (!given || *given < 1) {
            problem = fmt::format("the step of \"{}\" is not a positive number", whole);
            return false;
        }
        step = *given;
        part = part.substr(0, slash);
    }
    int from = range.first, to = range.last;
    if (part != "*") {
        const auto dash = part.find('-');
        const auto first = number_of(part.substr(0, dash), range);
        const auto last = dash != std::string_view::npos ? number_of(part.substr(dash + 1), range)
                          : part.size() != whole.size()  ? std::optional(range.last)
                                                         : first;
        if (!first || !last || *first < range.first || *last > range.last || *last < *first) {
            problem = fmt::format("the {} \"{}\" is not within {}-{}", range.name, whole, range.first, range.last);
            return false;
        }
        from = *first, to = *last;
    }
    for (int value = from; value <= to; value += step) bits.set(static_cast<std::size_t>(value));
    return true;
}

template <std::size_t size>
bool take(std::string_view text, const Range& range, std::bitset<size>& bits, std::string& problem) {
    for (const auto& part : split(text, ','))
        if (!take_part(part, range, bits, problem)) return false;
    return true;
}

std::string_view long_form(std::string_view text) {
    static const std::map<std::string_view, std::string_view> known = {
        {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
        {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};
    const auto found = known.find(text);
    return found == known.end() ? text : found->second;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (auto& word : split(text, ' '))
        if (!word.empty()) words.push_back(std::move(word));
    return words;
}

}  // namespace

std::optional<Cron> Cron::parse(std::string_view text, std::string& problem) {
    static const Range minute{"minute", 0, 59, {}}, hour{"hour", 0, 23, {}}, day{"day", 1, 31, {}};
    static const Range month{
        "month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}};
    static const Range weekday{"weekday", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}};
    const auto words = words_of(long_form(trim(text)));
    if (words.size() != 5) {
        problem = text.starts_with('@') ? fmt::format("\"{}\" is unknown", text)
                                        : fmt::format("five fields are needed, not {}", words.size());
        return std::nullopt;
    }
    Cron cron;
    if (!take(words[0], minute, cron.minutes_, problem) || !take(words[1], hour, cron.hours_, problem) ||
        !take(words[2], day, cron.days_, problem) || !take(words[3], month, cron.months_, problem) ||
        !take(words[4], weekday, cron.weekdays_, problem))
        return std::nullopt;
    if (cron.weekdays_[7]) cron.weekdays_.set(0);
    cron.any_day_ = words[2].starts_with('*'), cron.any_weekday_ = words[4].starts_with('*');
    return cron;
}

bool Cron::matches_day(const std::tm& time) const {
    const bool day = days_[static_cast<std::size_t>(time.tm_mday)];
    const bool weekday = weekdays_[static_cast<std::size_t>(time.tm_wday)];
    if (!months_[static_cast<std::size_t>(time.tm_mon + 1)]) return false;
    return any_day_ || any_weekday_ ? day && weekday : day || weekday;
}

bool Cron::matches(const std::tm& time) const {
    return matches_day(time) && hours_[static_cast<std::size_t>(time.tm_hour)] &&
           minutes_[static_cast<std::size_t>(time.tm_min)];
}

std::optional<std::time_t> Cron::next_after(std::time_t time, bool utc) const {
    const auto broken_down = [utc](std::time_t at) {
        std::tm out{};
        utc ? ::gmtime_r(&at, &out) : ::localtime_r(&at, &out);
        return out;
    };
    std::time_t at = time - time % 60 + 60;
    for (const std::time_t end = time + farthest; at < end;) {
        const std::tm now = broken_down(at);
        if (!matches_day(now))
            // To the next midnight, as far as the clock's changes allow; never past it.
            at += std::max(60, (23 - now.tm_hour) * 3600 + (60 - now.tm_min) * 60 - (now.tm_hour < 22 ? 3600 : 0));
        else if (!hours_[static_cast<std::size_t>(now.tm_hour)])
            at += (60 - now.tm_min) * 60;
        else if (!minutes_[static_cast<std::size_t>(now.tm_min)])
            at += 60;
        else
            return at;
    }
    return std::nullopt;
}

std::string check_cron(std::string_view text) {
    std::string problem;
    const auto cron = Cron::parse(text, problem);
    if (cron && !cron->next_after(0, true)) return "there is no such day";
    return problem;
}

}  // namespace hoist::compose
