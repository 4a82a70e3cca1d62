// SPDX-License-Identifier: Apache-2.0
// main() of every program in tests/system: the tests run in a host of their own. Subreaping is process 1's fate there.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/error.h"
#include "tests/support/test_host.h"

int main(int count, char** words) {
    ::testing::InitGoogleTest(&count, words);
    if (GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
    try {
        hoist::test::enter_test_host();
    } catch (const hoist::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return RUN_ALL_TESTS();
}
