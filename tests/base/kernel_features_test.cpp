// SPDX-License-Identifier: Apache-2.0
#include "base/kernel_features.h"

#include <gtest/gtest.h>

#include <set>

namespace hoist {
namespace {

TEST(KernelFeatures, EachHasAName) {
    std::set<std::string_view> names;
    for (const auto feature : all_kernel_features()) names.insert(to_string(feature));
    EXPECT_EQ(names.size(), all_kernel_features().size());
    EXPECT_TRUE(names.contains("openat2"));
    EXPECT_TRUE(names.contains("pidfd_group_signal"));
    EXPECT_FALSE(names.contains(""));
}

TEST(KernelFeatures, TheSwitchTurnsThemOffAndOn) {
    use_kernel_without("clone3,overlay_lowerdir");
    EXPECT_FALSE(kernel_has(KernelFeature::clone3));
    EXPECT_FALSE(kernel_has(KernelFeature::overlay_lowerdir));
    EXPECT_TRUE(kernel_has(KernelFeature::cgroup_kill));
    use_kernel_without("");
    EXPECT_TRUE(kernel_has(KernelFeature::overlay_lowerdir));
}

}  // namespace
}  // namespace hoist
