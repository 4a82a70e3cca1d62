// SPDX-License-Identifier: Apache-2.0
#include "runtime/sysctl.h"

#include <gtest/gtest.h>

namespace hoist::runtime {
namespace {

struct SysctlCase {
    std::string_view name, path;
    std::optional<NamespaceType> owner;
};
class SysctlName : public testing::TestWithParam<SysctlCase> {};
TEST_P(SysctlName, IsReadAsSysctlDoes) {
    const auto found = parse_sysctl(std::string(GetParam().name));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->path, GetParam().path);
    EXPECT_EQ(found->owner, GetParam().owner);
}
INSTANTIATE_TEST_SUITE_P(Names, SysctlName,
                         testing::Values(SysctlCase{"net.ipv4.ip_forward", "net/ipv4/ip_forward",
                                                    NamespaceType::network},
                                         SysctlCase{"net/ipv4/conf/eth0.1/forwarding",
                                                    "net/ipv4/conf/eth0.1/forwarding", NamespaceType::network},
                                         SysctlCase{"net.ipv4.conf.eth0/1.forwarding",
                                                    "net/ipv4/conf/eth0.1/forwarding", NamespaceType::network},
                                         SysctlCase{"fs.mqueue.msg_max", "fs/mqueue/msg_max", NamespaceType::ipc},
                                         SysctlCase{"kernel.shmmax", "kernel/shmmax", NamespaceType::ipc},
                                         SysctlCase{"kernel.domainname", "kernel/domainname", NamespaceType::uts},
                                         SysctlCase{"kernel.core_pattern", "kernel/core_pattern", std::nullopt},
                                         SysctlCase{"vm.swappiness", "vm/swappiness", std::nullopt}));

TEST(SysctlName, DoesNotClimb) {
    for (const char* name : {"net/../kernel/core_pattern", "net//kernel", "net/./x", "net..ipv4", "net.ipv4.", ".net",
                             "net.//.kernel.core_pattern", "", "/", "net/", "../x", "net.ipv4.//./..kernel"})
        EXPECT_FALSE(parse_sysctl(name)) << name;
}

}  // namespace
}  // namespace hoist::runtime
