// SPDX-License-Identifier: Apache-2.0
#include "netmgr/address.h"

#include "base/error.h"
#include "netmgr/network.h"

namespace hoist::netmgr {
namespace {

Subnet net(const std::string& text) {
    return *parse_subnet(text);
}
Address ip(const std::string& text) {
    return *parse_address(text);
}

TEST(ParseSubnet, ReadsAndClearsHostBits) {
    const struct {
        const char *written, *want;
    } cases[] = {{"172.28.0.0/16", "172.28.0.0/16"},
                 {"172.28.5.9/16", "172.28.0.0/16"},
                 {"10.0.0.1/32", "10.0.0.1/32"},
                 {"1.2.3.4/0", "0.0.0.0/0"},
                 {"172.28.0.0", ""},
                 {"172.28.0.0/", ""},
                 {"172.28.0.0/33", ""},
                 {"172.28.0.0/-1", ""},
                 {"172.28.0/16", ""},
                 {"172.28.0.0/16x", ""},
                 {"fd00::/64", ""},
                 {"", ""},
                 {"/", ""}};
    for (const auto& c : cases) {
        const auto subnet = parse_subnet(c.written);
        EXPECT_EQ(subnet ? to_string(*subnet) : "", c.want) << c.written;
    }
}

TEST(ParseAddress, TakesFourNumbersOnly) {
    EXPECT_EQ(to_string(ip("10.213.0.1")), "10.213.0.1");
    for (const char* wrong : {"", "10.213.0", "10.213.0.256", "10.213.0.1 ", "010.1.1.1.1", "::1"})
        EXPECT_FALSE(parse_address(wrong)) << wrong;
}

TEST(SubnetTest, KnowsItsEnds) {
    EXPECT_EQ(to_string(net("10.0.0.0/24").first_host()), "10.0.0.1");
    EXPECT_EQ(to_string(net("10.0.0.0/24").last_host()), "10.0.0.254");
    EXPECT_EQ(to_string(net("10.0.0.0/31").last_host()), "10.0.0.1");
    EXPECT_EQ(to_string(net("0.0.0.0/0").broadcast()), "255.255.255.255");
    EXPECT_TRUE(net("10.0.0.0/8").overlaps(net("10.213.0.0/24")));
    EXPECT_TRUE(net("10.213.0.0/24").overlaps(net("10.0.0.0/8")));
    EXPECT_FALSE(net("10.213.0.0/24").overlaps(net("10.213.1.0/24")));
}

TEST(AllocateSubnet, TakesTheFirstThatOverlapsNothing) {
    const auto pools = default_pools();
    EXPECT_EQ(allocate_subnet(pools, {}), net("10.213.0.0/24"));
    EXPECT_EQ(allocate_subnet(pools, {net("10.213.0.0/24"), net("10.213.1.128/25")}), net("10.213.2.0/24"));
    EXPECT_EQ(allocate_subnet(pools, {net("10.0.0.0/8")}), net("172.17.0.0/20"));
    EXPECT_EQ(allocate_subnet(pools, {net("10.0.0.0/8"), net("172.16.0.0/12")}), net("192.168.0.0/20"));
    EXPECT_EQ(allocate_subnet({{net("10.1.0.0/16"), 16}}, {}), net("10.1.0.0/16"));
}

TEST(AllocateSubnet, SaysWhichPoolsAreUsedUp) {
    try {
        allocate_subnet({{net("10.1.0.0/23"), 24}}, {net("10.1.0.0/24"), net("10.1.1.0/24")});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Kind::conflict);
        EXPECT_THAT(error.what(), testing::HasSubstr("10.1.0.0/23 in /24"));
        EXPECT_THAT(error.what(), testing::HasSubstr("default-address-pools"));
    }
}

TEST(AllocateAddress, GoesRoundAndSkipsWhatIsTaken) {
    const struct {
        const char *subnet, *range, *gateway, *last;
        std::set<Address> used;
        const char* want;
    } cases[] = {
        {"10.0.0.0/24", "", "10.0.0.1", "", {}, "10.0.0.2"},
        {"10.0.0.0/24", "", "10.0.0.254", "", {}, "10.0.0.1"},
        {"10.0.0.0/24", "", "10.0.0.1", "10.0.0.7", {}, "10.0.0.8"},
        {"10.0.0.0/24", "", "10.0.0.1", "10.0.0.254", {ip("10.0.0.2")}, "10.0.0.3"},
        {"10.0.0.0/24", "", "10.0.0.1", "192.168.1.1", {}, "10.0.0.2"},
        {"10.0.0.0/24", "10.0.0.64/28", "10.0.0.1", "", {}, "10.0.0.64"},
        {"10.0.0.0/24", "10.0.0.240/28", "10.0.0.1", "10.0.0.254", {}, "10.0.0.240"},
        {"10.0.0.0/30", "", "10.0.0.1", "10.0.0.2", {}, "10.0.0.2"},
        {"255.255.255.0/24", "", "255.255.255.1", "255.255.255.254", {}, "255.255.255.2"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(to_string(allocate_address(net(c.subnet), parse_subnet(c.range), ip(c.gateway), c.used,
                                             parse_address(c.last))),
                  c.want)
            << c.subnet << " after " << c.last;
}

TEST(AllocateAddress, GivesEachOnceUntilTheSubnetIsFull) {
    std::set<Address> used;
    std::optional<Address> last;
    for (int i = 0; i < 253; ++i) {
        last = allocate_address(net("10.0.0.0/24"), {}, ip("10.0.0.1"), used, last);
        EXPECT_TRUE(used.insert(*last).second);
    }
    EXPECT_THROW(allocate_address(net("10.0.0.0/24"), {}, ip("10.0.0.1"), used, last), Error);
}

TEST(Names, AreShortAndTellApart) {
    const NetworkId network = NetworkId::random();
    EXPECT_EQ(bridge_name(network).size(), 15u);
    std::set<std::string> names;
    for (int i = 0; i < 1000; ++i) names.insert(veth_name(network, ContainerId::random()));
    EXPECT_EQ(names.size(), 1000u);
    EXPECT_EQ(names.begin()->size(), 15u);
    EXPECT_EQ(veth_name(NetworkId("n"), ContainerId("c")), veth_name(NetworkId("n"), ContainerId("c")));
    EXPECT_EQ(mac_of(ip("10.213.0.2")), "02:42:0a:d5:00:02");
}

}  // namespace
}  // namespace hoist::netmgr
