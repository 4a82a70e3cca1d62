// SPDX-License-Identifier: Apache-2.0
#include "runtime/cache_allocation.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/support/temp_dir.h"

namespace hoist::runtime {
namespace {

// A folder in place of resctrl: it takes the same writes.
TEST(CacheAllocation, WritesTheGroupOfTheContainer) {
    const test::TempDir root;
    root.write("shared/schemata", "");
    root.write("shared/tasks", "");
    const CacheAllocation wanted{.group = "shared", .l3_schema = "L3:0=f", .bandwidth_schema = "MB:0=20"};
    EXPECT_EQ(join_cache_group(root.path(), wanted, "id", 42), "") << "it was there: it is not ours to remove";
    EXPECT_EQ(read_file(root.path() + "/shared/schemata"), "L3:0=f\nMB:0=20\n");
    EXPECT_EQ(read_file(root.path() + "/shared/tasks"), "42");
}

}  // namespace
}  // namespace hoist::runtime
