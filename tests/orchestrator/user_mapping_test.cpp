// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/user_mapping.h"

#include "base/error.h"
#include "base/text.h"

namespace hoist::orchestrator {
namespace {

const AccountFiles files = {
    .passwd = "root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n",
    .group = "root:x:0:\nann:x:1000:\nstaff:x:50:\n",
    .subuid = "ann:100000:65536\nbob:0:10\n1000:300000:10\nhoist:400000:5\nbroken\nstaff:1:x\n",
    .subgid = "ann:200000:65536\nstaff:500000:100\nhoist:600000:6\n",
};

std::string text_of(const std::vector<runtime::IdMapping>& mappings) {
    std::string text;
    for (const auto& one : mappings) text += fmt::format("{}>{}+{} ", one.container_id, one.host_id, one.size);
    return text;
}

std::string mapping(const std::string& option, const AccountFiles& from = files) {
    try {
        const auto found = read_user_mapping(option, from);
        return text_of(found.uids) + "| " + text_of(found.gids);
    } catch (const Error& error) {
        return error.what();
    }
}

TEST(UserMapping, ReadsTheRangesOfUserAndGroup) {
    EXPECT_EQ(mapping("ann"), "0>100000+65536 65536>300000+10 | 0>200000+65536 ");
    EXPECT_EQ(mapping("1000:50"), "0>100000+65536 65536>300000+10 | 0>500000+100 ");
    EXPECT_EQ(mapping("ann:staff"), "0>100000+65536 65536>300000+10 | 0>500000+100 ");
    EXPECT_EQ(mapping("default"), "0>400000+5 | 0>600000+6 ");
    EXPECT_EQ(mapping("default", {.subuid = "dockremap:1:2\n", .subgid = "dockremap:3:4\n"}), "0>1+2 | 0>3+4 ");
}

TEST(UserMapping, SaysWhatIsMissing) {
    const std::pair<const char*, const char*> cases[] = {
        {"nobody-here", "no user 'nobody-here'"},
        {"ann:nobody-here", "no group 'nobody-here'"},
        {"bob:staff", "begins with the host's root"},
        {"root", "/etc/subuid: root has no ids there: add a line like 'root:100000:65536'"},
        {"", "no user ''"},
        {"4294967296", "no user"},
        {"-1", "no user"}};
    for (const auto& [option, words] : cases)
        EXPECT_NE(mapping(option).find(words), std::string::npos) << mapping(option);
    EXPECT_NE(mapping("default", {}).find("add 'hoist:100000:65536'"), std::string::npos);
    for (const char* line : {"ann:1", "ann:x:1", "ann:1:0", "ann:1:4294967295", "ann:-1:5", "ann:1:2:3"}) {
        auto broken = files;
        broken.subuid = line;
        EXPECT_NE(mapping("ann", broken).find("is no range of ids"), std::string::npos)
            << line << mapping("ann", broken);
    }
}

TEST(UserMapping, FindsTheHostsId) {
    const auto found = read_user_mapping("ann", files);
    EXPECT_EQ(host_id(found.uids, 0), 100000u);
    EXPECT_EQ(host_id(found.uids, 65536), 300000u);
    EXPECT_THROW(host_id(found.uids, 65546), Error);
}

}  // namespace
}  // namespace hoist::orchestrator
