// SPDX-License-Identifier: Apache-2.0
#include "netmgr/firewall.h"

#include <cstdlib>

#include "base/file.h"
#include "netmgr/ruleset.h"

namespace hoist::netmgr {
namespace {

BridgeNetwork network(const std::string& id, const std::string& subnet) {
    BridgeNetwork made;
    made.id = NetworkId(id);
    made.name = id;
    made.bridge = "hb-" + id;
    made.subnet = *parse_subnet(subnet);
    made.gateway = made.subnet.first_host();
    return made;
}

FirewallState lnmp() {
    FirewallState state{{network("front", "10.213.0.0/24"), network("back", "10.213.1.0/24")}, {}};
    state.networks[1].internal = true;
    state.ports = {
        {Address{}, 8080, Protocol::tcp, NetworkId("front"), *parse_address("10.213.0.2"), 80},
        {*parse_address("127.0.0.1"), 53, Protocol::udp, NetworkId("front"), *parse_address("10.213.0.3"), 5353},
        {Address{}, 3306, Protocol::tcp, NetworkId("back"), *parse_address("10.213.1.2"), 3306}};
    return state;
}

/// Compares with tests/golden/netmgr/<name>; UPDATE_GOLDEN=1 writes it.
void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = fmt::format("{}/tests/golden/netmgr/{}", SOURCE_DIR, name);
    if (std::getenv("UPDATE_GOLDEN")) write_file_atomic(path, text, 0644, Durable::no);
    EXPECT_EQ(read_file_if_exists(path).value_or("(no golden file)"), text);
}

TEST(RenderRuleset, Empty) {
    expect_golden("empty.nft", render_ruleset({}));
}
TEST(RenderRuleset, TwoNetworksThreePorts) {
    expect_golden("lnmp.nft", render_ruleset(lnmp()));
}

TEST(RenderRuleset, DoesNotDependOnOrder) {
    FirewallState turned = lnmp();
    std::reverse(turned.networks.begin(), turned.networks.end());
    std::reverse(turned.ports.begin(), turned.ports.end());
    EXPECT_EQ(render_ruleset(turned), render_ruleset(lnmp()));
}

TEST(RenderRuleset, APortOfAnInternalNetworkIsNotPublished) {
    EXPECT_EQ(render_ruleset(lnmp()).find("3306"), std::string::npos);
}

TEST(RenderDifference, IsOnlyWhatChanged) {
    const Elements before = elements_of(lnmp());
    EXPECT_EQ(render_difference(before, before), "");
    FirewallState more = lnmp();
    more.ports.push_back({Address{}, 8081, Protocol::tcp, NetworkId("front"), *parse_address("10.213.0.4"), 80});
    EXPECT_EQ(render_difference(before, elements_of(more)),
              "add element inet hoist any_ports { tcp . 8081 : 10.213.0.4 . 80 }\n");
    more.ports[0].container_address = *parse_address("10.213.0.9");  // one port moves: removed before it is added
    more.ports.pop_back();
    EXPECT_EQ(render_difference(before, elements_of(more)),
              "delete element inet hoist any_ports { tcp . 8080 : 10.213.0.2 . 80 }\n"
              "add element inet hoist any_ports { tcp . 8080 : 10.213.0.9 . 80 }\n");
}

}  // namespace
}  // namespace hoist::netmgr
