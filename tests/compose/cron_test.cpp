// SPDX-License-Identifier: Apache-2.0
#include "compose/cron.h"

#include <gtest/gtest.h>

namespace hoist::compose {
namespace {

std::time_t at(int year, int month, int day, int hour, int minute) {
    std::tm time{};
    time.tm_year = year - 1900, time.tm_mon = month - 1, time.tm_mday = day, time.tm_hour = hour, time.tm_min = minute;
    return ::timegm(&time);
}

std::string next(const char* text, std::time_t from) {
    std::string problem;
    const auto cron = Cron::parse(text, problem);
    if (!cron) return problem;
    const auto time = cron->next_after(from, true);
    if (!time) return "never";
    char buffer[32];
    std::tm parts{};
    ::gmtime_r(&*time, &parts);
    std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M", &parts);
    return buffer;
}

TEST(Cron, FindsTheNextTime) {
    const std::time_t now = at(2026, 11, 30, 12, 34);  // a Monday
    EXPECT_EQ(next("* * * * *", now), "2026-11-30 12:35");
    EXPECT_EQ(next("0 * * * *", now), "2026-11-30 13:00");
    EXPECT_EQ(next("*/15 * * * *", now), "2026-11-30 12:45");
    EXPECT_EQ(next("30 3 * * *", now), "2026-12-01 03:30");
    EXPECT_EQ(next("0 0 1 * *", now), "2026-12-01 00:00");
    EXPECT_EQ(next("0 9 * * mon-fri", now), "2026-12-01 09:00");
    EXPECT_EQ(next("0 9 * * sat,sun", now), "2026-12-05 09:00");
    EXPECT_EQ(next("0 9 * * 7", now), "2026-12-06 09:00");
    EXPECT_EQ(next("0 9 13 * fri", now), "2026-12-04 09:00");  // either day suffices
    EXPECT_EQ(next("0 0 29 feb *", now), "2028-02-29 00:00");
    EXPECT_EQ(next("@daily", now), "2026-12-01 00:00");
    EXPECT_EQ(next("@hourly", now), "2026-11-30 13:00");
    EXPECT_EQ(next("10-20/5 12 * * *", now), "2026-12-01 12:10");
}

TEST(Cron, SaysWhatIsWrong) {
    EXPECT_EQ(check_cron("30 3 * * *"), "");
    EXPECT_EQ(check_cron("30 3 * *"), "five fields are needed, not 4");
    EXPECT_EQ(check_cron("60 3 * * *"), "the minute \"60\" is not within 0-59");
    EXPECT_EQ(check_cron("0 0 * foo *"), "the month \"foo\" is not within 1-12");
    EXPECT_EQ(check_cron("*/0 * * * *"), "the step of \"*/0\" is not a positive number");
    EXPECT_EQ(check_cron("@dayly"), "\"@dayly\" is unknown");
    EXPECT_EQ(check_cron("0 0 30 2 *"), "there is no such day");
}

}  // namespace
}  // namespace hoist::compose
