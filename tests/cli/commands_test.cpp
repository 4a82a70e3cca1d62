// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/daemon_start.h"

namespace hoist::cli {
namespace {

using Words = std::vector<std::string>;

int quietly(const Words& words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = run_command(words);
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return status;
}

TEST(RunCommand, ExitsWithTwoForUsage) {
    for (const Words& words : {Words{},
                               {"nothing"},
                               {"--nothing"},
                               {"up", "--nothing"},
                               {"logs", "--tail"},
                               {"exec", "web"},
                               {"compose", "rmi"},
                               {"network"},
                               {"rm"},
                               {"up", "--scale", "web"},
                               {"up", "--force-recreate", "--no-recreate"},
                               {"version", "--format", "xml"}})
        EXPECT_EQ(quietly(words), 2) << testing::PrintToString(words);
}

TEST(RunCommand, HelpsEverywhere) {
    for (const Words& words : {Words{"--help"},
                               {"up", "--help"},
                               {"compose", "up", "-h"},
                               {"network", "create", "--help"},
                               {"exec", "--help"},
                               {"help"},
                               {"compose", "--help"}})
        EXPECT_EQ(quietly(words), 0) << testing::PrintToString(words);
}

TEST(RunCommand, ComplainsOnceAboutADaemonThatIsNotThere) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run_command({"-H", "/nonexistent/hoist.sock", "images"}), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "hoist: no daemon answers at /nonexistent/hoist.sock: start hoistd --host /nonexistent/hoist.sock\n");
}

TEST(DaemonSocket, PrefersTheFlag) {
    ::setenv("HOIST_RUN", "/somewhere", 1);
    EXPECT_EQ(daemon_socket(""), "/somewhere/hoist.sock");
    ::setenv("HOIST_HOST", "unix:///a.sock", 1);
    EXPECT_EQ(daemon_socket(""), "/a.sock");
    EXPECT_EQ(daemon_socket("unix:///b.sock"), "/b.sock");
    EXPECT_EQ(daemon_socket("/c.sock"), "/c.sock");
    EXPECT_ANY_THROW(daemon_socket("tcp://127.0.0.1:2375"));
    ::unsetenv("HOIST_RUN");
    ::unsetenv("HOIST_HOST");
}

}  // namespace
}  // namespace hoist::cli
