// SPDX-License-Identifier: Apache-2.0
#include "runtime/scheduling.h"

#include <gtest/gtest.h>
#include <sched.h>

#include "base/error.h"

namespace hoist::runtime {
namespace {

TEST(NumberList, IsReadAsTheKernelWritesIt) {
    EXPECT_EQ(parse_number_list("0-2, 7,1"), (std::vector<unsigned>{0, 1, 2, 7}));
    EXPECT_EQ(parse_number_list("3"), (std::vector<unsigned>{3}));
    EXPECT_TRUE(parse_number_list("").empty());
    for (const char* odd : {"a", "1-", "-1", "3-2", "8192", "0-99999999999", "1 2"})
        EXPECT_THROW((void)parse_number_list(odd), Error) << odd;
}

TEST(Scheduling, KnowsTheSpecificationsNames) {
    EXPECT_EQ(scheduler_policy("SCHED_OTHER"), static_cast<std::uint32_t>(SCHED_OTHER));
    EXPECT_EQ(scheduler_policy("SCHED_FIFO"), static_cast<std::uint32_t>(SCHED_FIFO));
    EXPECT_FALSE(scheduler_policy("SCHED_ISO")) << "Linux never got it";
    EXPECT_EQ(scheduler_flag("SCHED_FLAG_RECLAIM"), 2u);
    EXPECT_EQ(io_priority_class("IOPRIO_CLASS_IDLE"), 3);
    EXPECT_EQ(memory_policy_mode("MPOL_BIND"), 2);
    EXPECT_EQ(memory_policy_flag("MPOL_F_STATIC_NODES"), 1 << 15);
}

}  // namespace
}  // namespace hoist::runtime
