// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/health_verdict.h"

namespace hoist::orchestrator {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// Feeds (seconds after the start, exit code) pairs and gives the status after each: s, h or u.
std::string verdicts(const HealthSpec& spec, const std::vector<std::pair<double, int>>& probes) {
    const auto start = Steady::time_point(1000s);
    HealthVerdict verdict(spec, start);
    HealthState state{.status = Health::starting};
    std::string text;
    for (const auto& [seconds, code] : probes) {
        const auto at = start + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
        verdict.feed(state, {.exit_code = code}, at);
        text += to_string(state.status)[0];
    }
    return text;
}

TEST(HealthVerdict, FirstSuccessIsHealthyAtOnce) {
    EXPECT_EQ(verdicts({}, {{0.0, 0}}), "h");
    EXPECT_EQ(verdicts({}, {{0.0, 1}, {0.1, 1}, {0.3, 0}}), "ssh");
}

TEST(HealthVerdict, QuickProbesBeforeDockersFirstDoNotCount) {
    const HealthSpec spec{.interval = 1s, .retries = 2};
    EXPECT_EQ(verdicts(spec, {{0.1, 1}, {0.2, 1}, {0.5, 1}, {0.9, 1}}), "ssss");
    EXPECT_EQ(verdicts(spec, {{0.1, 1}, {1.0, 1}, {2.0, 1}}), "ssu");
}

TEST(HealthVerdict, FailuresInTheStartPeriodDoNotCount) {
    const HealthSpec spec{.interval = 1s, .start_period = 10s, .retries = 2};
    EXPECT_EQ(verdicts(spec, {{1, 1}, {5, 1}, {9, 1}, {10, 1}, {11, 1}}), "ssssu");
}

TEST(HealthVerdict, AStreakMakesUnhealthyAndOneSuccessHealsIt) {
    const HealthSpec spec{.interval = 1s, .retries = 3};
    EXPECT_EQ(verdicts(spec, {{0, 0}, {2, 1}, {3, 1}, {4, 0}, {5, 1}, {6, 1}, {7, 1}, {8, 0}}), "hhhhhhuh");
}

TEST(HealthVerdict, KeepsTheLastFiveResults) {
    HealthVerdict verdict({}, Steady::now());
    HealthState state{.status = Health::starting};
    for (int i = 0; i < 8; ++i) verdict.feed(state, {.exit_code = i}, Steady::now());
    ASSERT_EQ(state.log.size(), 5u);
    EXPECT_EQ(state.log.front().exit_code, 3);
}

TEST(HealthVerdict, LooksOftenUntilHealthyAndThenByTheInterval) {
    const HealthSpec spec{.interval = 30s};
    const auto start = Steady::time_point(1000s);
    const HealthVerdict verdict(spec, start);
    const HealthState starting{.status = Health::starting}, healthy{.status = Health::healthy};
    EXPECT_EQ(verdict.delay(starting, 1ms, start), 50ms);
    EXPECT_EQ(verdict.delay(starting, 1ms, start + 2s), 100ms);
    EXPECT_EQ(verdict.delay(starting, 700ms, start + 2s), 700ms);
    EXPECT_EQ(verdict.delay(starting, 1ms, start + 29s), 1450ms);
    EXPECT_EQ(verdict.delay(starting, 1ms, start + 31s), 30s);
    EXPECT_EQ(verdict.delay(healthy, 1ms, start + 1s), 30s);
}

TEST(ProbeCommand, ReadsBothForms) {
    EXPECT_EQ(probe_command({.test = {"CMD", "curl", "x y"}}), (std::vector<std::string>{"curl", "x y"}));
    EXPECT_EQ(probe_command({.test = {"CMD-SHELL", "a || b"}}), (std::vector<std::string>{"/bin/sh", "-c", "a || b"}));
    EXPECT_FALSE(has_test({.test = {"NONE"}}));
    EXPECT_FALSE(has_test({}));
}

}  // namespace
}  // namespace hoist::orchestrator
