// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/restart_policy.h"

namespace hoist::orchestrator {
namespace {

using namespace std::chrono_literals;
using Name = RestartSpec::Name;

TEST(BackOff, DoublesFromATenthOfASecondToAMinute) {
    BackOff back_off;
    std::vector<int> delays;
    for (int i = 0; i < 12; ++i) delays.push_back(static_cast<int>(back_off.take(1s).count()));
    EXPECT_EQ(delays, (std::vector<int>{100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000}));
}

TEST(BackOff, BeginsAgainAfterTenSecondsOfRun) {
    BackOff back_off;
    for (int i = 0; i < 5; ++i) back_off.take(9s);
    EXPECT_EQ(back_off.take(10s), 100ms);
    EXPECT_EQ(back_off.take(1s), 200ms);
}

struct PolicyCase {
    RestartSpec policy;
    EndOfRun end;
    int restarts;
    bool want;
};
class WantsRestart : public testing::TestWithParam<PolicyCase> {};
TEST_P(WantsRestart, Decides) {
    const auto& [policy, end, restarts, want] = GetParam();
    EXPECT_EQ(wants_restart(policy, end, restarts), want);
}
INSTANTIATE_TEST_SUITE_P(
    Policies, WantsRestart,
    testing::Values(PolicyCase{{Name::no}, {.exit_code = 1}, 0, false}, PolicyCase{{Name::always}, {}, 0, true},
                    PolicyCase{{Name::always}, {.exit_code = 137}, 99, true},
                    PolicyCase{{Name::always}, {.stopped_by_user = true}, 0, false},
                    PolicyCase{{Name::unless_stopped}, {.exit_code = 0}, 0, true},
                    PolicyCase{{Name::unless_stopped}, {.stopped_by_user = true}, 0, false},
                    PolicyCase{{Name::on_failure}, {.exit_code = 0}, 0, false},
                    PolicyCase{{Name::on_failure}, {.exit_code = 3}, 7, true},
                    PolicyCase{{Name::on_failure, 3}, {.exit_code = 3}, 2, true},
                    PolicyCase{{Name::on_failure, 3}, {.exit_code = 3}, 3, false},
                    PolicyCase{{Name::on_failure}, {.exit_code = 0, .was_unhealthy = true}, 0, true},
                    PolicyCase{{Name::no}, {.was_unhealthy = true}, 0, false}));

TEST(WantsStartWithDaemon, FollowsPolicyAndUsersStop) {
    const State exited = Exited{};
    EXPECT_FALSE(wants_start_with_daemon({Name::no}, exited, false));
    EXPECT_FALSE(wants_start_with_daemon({Name::on_failure}, exited, false));
    EXPECT_TRUE(wants_start_with_daemon({Name::unless_stopped}, exited, false));
    EXPECT_FALSE(wants_start_with_daemon({Name::unless_stopped}, exited, true));
    EXPECT_TRUE(wants_start_with_daemon({Name::always}, exited, true));
    EXPECT_FALSE(wants_start_with_daemon({Name::always}, Created{}, false));
    EXPECT_TRUE(wants_start_with_daemon({Name::on_failure}, Restarting{}, false));
}

}  // namespace
}  // namespace hoist::orchestrator
