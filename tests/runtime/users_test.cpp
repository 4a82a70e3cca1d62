// SPDX-License-Identifier: Apache-2.0
#include "runtime/users.h"

#include "base/error.h"

namespace hoist::runtime {
namespace {

constexpr const char* passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "www-data:x:33:33:www:/var/www:/bin/false\n"
    "1000:x:0:0:looks like a number:/evil:/bin/sh\n"
    "broken:x:4294967296:0::/:\n"
    "worse:x::0::/:\n"
    "alice:x:500:501:Alice:/home/alice:/bin/sh";
constexpr const char* group = "root:x:0:\nwww-data:x:33:\nadm:x:4:alice,www-data\nstaff:x:50:alice\nbad:x:-1:alice\n";

ResolvedUser resolve(const std::string& name, std::vector<std::string> more = {}) {
    User user;
    user.name = name;
    user.group_names = std::move(more);
    return resolve_user(user, passwd, group);
}

struct UserCase {
    const char* written;
    std::uint32_t uid, gid;
    std::vector<std::uint32_t> groups;
    const char* home;
};
class Users : public testing::TestWithParam<UserCase> {};
TEST_P(Users, AreFound) {
    const auto user = resolve(GetParam().written);
    EXPECT_EQ(user.uid, GetParam().uid);
    EXPECT_EQ(user.gid, GetParam().gid);
    EXPECT_EQ(user.groups, GetParam().groups);
    EXPECT_EQ(user.home, GetParam().home);
}
INSTANTIATE_TEST_SUITE_P(Docker, Users,
                         testing::Values(UserCase{"root", 0, 0, {0}, "/root"},
                                         UserCase{"alice", 500, 501, {501, 4, 50}, "/home/alice"},
                                         UserCase{"500", 500, 501, {501, 4, 50}, "/home/alice"},
                                         UserCase{"alice:adm", 500, 4, {4}, "/home/alice"},
                                         UserCase{"1000", 1000, 0, {0}, ""}, UserCase{"1000:7", 1000, 7, {7}, ""},
                                         UserCase{"2147483648", 2147483648, 0, {0}, ""},
                                         UserCase{"www-data", 33, 33, {33, 4}, "/var/www"}));

class OddUsers : public testing::TestWithParam<const char*> {};
TEST_P(OddUsers, AreNeverRoot) {
    EXPECT_THROW(resolve(GetParam()), Error);
}
INSTANTIATE_TEST_SUITE_P(Threats, OddUsers,
                         testing::Values("4294967296", "4294967295", "-1", "0x0", "1000abc", ":", " 0", "0 ", "+0",
                                         "broken", "worse", "nobody", "root:", "root:nogroup", "0:bad", "\n0",
                                         "99999999999999999999"));

TEST(ResolveUser, FurtherGroupsComeOnTop) {
    EXPECT_EQ(resolve("www-data", {"staff", "777"}).groups, (std::vector<std::uint32_t>{33, 4, 50, 777}));
    EXPECT_THROW(resolve("root", {"nogroup"}), Error);
}

}  // namespace
}  // namespace hoist::runtime
