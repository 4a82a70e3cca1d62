// SPDX-License-Identifier: Apache-2.0
// The test host itself: what other system tests rely on.
#include "tests/support/test_host.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace hoist::test {
namespace {

TEST(TestHost, HasOnlyLoopback) {
    EXPECT_EQ(sh("ls /sys/class/net"), "lo\n");
}

TEST(TestHost, HasANeighbourOnAWire) {
    const Neighbour neighbour;
    EXPECT_EQ(neighbour.run("ip -br addr show up1 | grep -o 198.51.100.2/24"), "198.51.100.2/24\n");
    EXPECT_EQ(sh("cat /sys/class/net/up0/operstate"), "up\n");
}

TEST(TestHost, KillsACommandThatTakesTooLong) {
    EXPECT_THROW(run({"sleep", "20"}, 1), Error);
}

}  // namespace
}  // namespace hoist::test
