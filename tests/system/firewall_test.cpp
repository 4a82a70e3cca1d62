// SPDX-License-Identifier: Apache-2.0
// Who reaches whom through the firewall, in a test host with a neighbour on a wire.
#include "tests/system/net_lab.h"

namespace hoist::test {
namespace {

using namespace netmgr;

class FirewallTest : public testing::Test {
protected:
    void SetUp() override {
        neighbour();
        enable_forwarding();
        for (const BridgeNetwork& network : {front_, back_, closed_}) links_.ensure_bridge(network);
        web_ = plug(links_, front_, "10.213.1.10");
        peer_ = plug(links_, front_, "10.213.1.11");
        other_ = plug(links_, back_, "10.213.2.10");
        shut_ = plug(links_, closed_, "10.213.3.10");
        state_.networks = {front_, back_, closed_};
        firewall_.apply(state_);
        for (const std::uint16_t port : {80, 81})
            listeners_.push_back(bound(&web_.netns, SOCK_STREAM, "0.0.0.0", port));
        listeners_.push_back(bound(&other_.netns, SOCK_STREAM, "0.0.0.0", 80));
        listeners_.push_back(bound(&shut_.netns, SOCK_STREAM, "0.0.0.0", 80));
    }
    void TearDown() override {
        firewall_.remove();
        for (const BridgeNetwork& network : {front_, back_, closed_}) links_.remove_bridge(network);
    }
    void publish(const std::string& host, std::uint16_t port, std::uint16_t to = 80) {
        state_.ports.push_back({at(host), port, Protocol::tcp, front_.id, web_.endpoint.address, to});
        firewall_.apply(state_);
    }
    std::string peer_seen() { return peer_of(listeners_[0]); }
    bool neighbour_reaches(const std::string& address, int port) {
        return neighbour()
            .run(fmt::format("timeout 1 bash -c '</dev/tcp/{}/{}' 2>/dev/null && echo yes", address, port))
            .starts_with("yes");
    }

    // One for all tests: the kernel takes a dead neighbour's wire away only in its own time.
    static const Neighbour& neighbour() {
        static const Neighbour one;
        return one;
    }
    Links links_;
    BridgeNetwork front_ = network_of("10.213.1.0/24"), back_ = network_of("10.213.2.0/24");
    BridgeNetwork closed_ = [] {
        auto network = network_of("10.213.3.0/24");
        network.internal = true;
        return network;
    }();
    Box web_, peer_, other_, shut_;
    std::vector<Fd> listeners_;
    FirewallState state_;
    Firewall firewall_;
};

TEST_F(FirewallTest, APublishedPortIsReachableFromEverywhere) {
    publish("0.0.0.0", 8080);
    EXPECT_TRUE(reaches(nullptr, "127.0.0.1", 8080)) << sh("nft list table inet hoist");
    EXPECT_EQ(peer_seen(), "10.213.1.1");
    EXPECT_TRUE(reaches(nullptr, Neighbour::host_address, 8080));
    EXPECT_EQ(peer_seen(), Neighbour::host_address);
    EXPECT_TRUE(neighbour_reaches(Neighbour::host_address, 8080));
    EXPECT_EQ(peer_seen(), Neighbour::address) << "the client's address is kept";
    EXPECT_TRUE(reaches(&other_.netns, Neighbour::host_address, 8080)) << "another network";
    peer_seen();
    EXPECT_TRUE(reaches(&other_.netns, "10.213.2.1", 8080)) << "another network, by its gateway";
    peer_seen();
    EXPECT_TRUE(reaches(&peer_.netns, Neighbour::host_address, 8080)) << "the same network";
    EXPECT_EQ(peer_seen(), "10.213.1.1");
    EXPECT_TRUE(reaches(&web_.netns, Neighbour::host_address, 8080)) << "itself";
    EXPECT_EQ(peer_seen(), "10.213.1.1");
}

TEST_F(FirewallTest, UdpIsPublishedToo) {
    const Fd server = bound(&web_.netns, SOCK_DGRAM, "0.0.0.0", 53);
    state_.ports.push_back({at("0.0.0.0"), 5300, Protocol::udp, front_.id, web_.endpoint.address, 53});
    firewall_.apply(state_);
    asked(nullptr, "127.0.0.1", 5300, "hello", 0);
    EXPECT_TRUE(readable(server, 300));
}

TEST_F(FirewallTest, WhatIsNotPublishedIsClosed) {  // SEC-46
    publish("0.0.0.0", 8080);
    EXPECT_TRUE(reaches(nullptr, "10.213.1.10", 81)) << "the host itself may";
    EXPECT_TRUE(reaches(&peer_.netns, "10.213.1.10", 81)) << "the same network may";
    EXPECT_FALSE(reaches(&other_.netns, "10.213.1.10", 81)) << "another network";
    EXPECT_FALSE(reaches(&other_.netns, "10.213.1.10", 80)) << "another network, directly to a published port";
    EXPECT_FALSE(neighbour_reaches("10.213.1.10", 80)) << "a routed neighbour, directly to a published port";
    EXPECT_FALSE(neighbour_reaches("10.213.1.10", 81)) << "a routed neighbour";
    EXPECT_FALSE(neighbour_reaches(Neighbour::host_address, 81));
}

TEST_F(FirewallTest, APortOnLoopbackIsTheHostsAlone) {  // SEC-47
    publish("127.0.0.1", 8080);
    EXPECT_TRUE(reaches(nullptr, "127.0.0.1", 8080));
    EXPECT_FALSE(neighbour_reaches(Neighbour::host_address, 8080));
    neighbour().run("ip route add 127.1.2.3 via 198.51.100.1; sysctl -qw net.ipv4.conf.up1.route_localnet=1");
    neighbour().run("ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1/32 via 198.51.100.1");
    sh("sysctl -qw net.ipv4.conf.up0.route_localnet=1");  // somebody else's doing: ours still holds
    EXPECT_FALSE(neighbour_reaches("127.0.0.1", 8080));
    EXPECT_FALSE(neighbour_reaches("10.213.1.10", 80));
    EXPECT_FALSE(reaches(&other_.netns, Neighbour::host_address, 8080));
    EXPECT_EQ(sh("cat /proc/sys/net/ipv4/conf/all/route_localnet"), "0\n");
}

TEST_F(FirewallTest, ABoxCannotPassForLoopback) {
    const Fd service = bound(nullptr, SOCK_STREAM, "0.0.0.0", 9000);
    EXPECT_TRUE(reaches(&web_.netns, "10.213.1.1", 9000));
    peer_of(service);
    run_in(web_.netns,
           "ip addr del 127.0.0.1/8 dev lo; ip addr add 127.0.0.1/32 dev eth0; "
           "sysctl -qw net.ipv4.conf.eth0.route_localnet=1");
    EXPECT_FALSE(connected(&web_.netns, "10.213.1.1", 9000, 300, "127.0.0.1"));
    EXPECT_EQ(peer_of(service), "nobody");
}

TEST_F(FirewallTest, BoxesReachTheOutsideUnderTheHostsAddress) {
    neighbour().run("busybox nc -ll -p 7000 -e cat >/dev/null 2>&1 &");
    sh("sleep 0.2");
    const Fd there = connected(&web_.netns, Neighbour::address, 7000, 1000);
    EXPECT_TRUE(there);
    constexpr const char* host_in_proc = "016433C6:";
    EXPECT_NE(neighbour().run("grep -h :1B58 /proc/net/tcp /proc/net/tcp6").find(host_in_proc), std::string::npos);
}

TEST_F(FirewallTest, AnInternalNetworkHasNoWayOutAndNoWayIn) {  // SEC-48
    EXPECT_EQ(run_in(shut_.netns, "ip route show default"), "");
    run_in(shut_.netns, "ip route add default via 10.213.3.1");
    neighbour().run("busybox nc -ll -p 7000 -e true >/dev/null 2>&1 &");
    sh("sleep 0.2");
    EXPECT_TRUE(reaches(&web_.netns, Neighbour::address, 7000));
    EXPECT_FALSE(reaches(&shut_.netns, Neighbour::address, 7000));
    EXPECT_FALSE(reaches(&shut_.netns, "10.213.1.10", 80));
    publish("0.0.0.0", 8080);
    EXPECT_FALSE(reaches(&shut_.netns, Neighbour::host_address, 8080));
    EXPECT_FALSE(reaches(&other_.netns, "10.213.3.10", 80));
    EXPECT_TRUE(reaches(nullptr, "10.213.3.10", 80)) << "the host reaches its own internal network";
}

TEST_F(FirewallTest, OthersTablesAreLeftAlone) {
    sh("nft 'add table ip stranger; add chain ip stranger c { type filter hook input priority 0; }; "
       "add rule ip stranger c tcp dport 1 counter drop'");
    const std::string before = sh("nft list table ip stranger");
    publish("0.0.0.0", 8080);
    EXPECT_TRUE(firewall_.intact());
    firewall_.remove();
    firewall_.remove();
    EXPECT_FALSE(firewall_.intact());
    EXPECT_EQ(sh("nft list ruleset"), before);
    sh("nft delete table ip stranger");
}

TEST_F(FirewallTest, AFlushIsNoticedAndRepaired) {  // REL-32
    publish("0.0.0.0", 8080);
    EXPECT_TRUE(firewall_.intact());
    sh("nft flush ruleset");
    EXPECT_FALSE(firewall_.intact());
    firewall_.apply(state_);
    EXPECT_TRUE(firewall_.intact());
    EXPECT_TRUE(reaches(nullptr, "127.0.0.1", 8080));
    sh("nft flush chain inet hoist forward");
    EXPECT_FALSE(firewall_.intact());
    state_.ports.clear();
    firewall_.apply(state_);
    EXPECT_TRUE(firewall_.intact());
    EXPECT_FALSE(reaches(nullptr, "127.0.0.1", 8080));
}

TEST_F(FirewallTest, AnotherFirewallObjectTakesOver) {
    publish("0.0.0.0", 8080);
    Firewall restarted;
    EXPECT_FALSE(restarted.intact()) << "it has not looked yet";
    restarted.apply(state_);
    EXPECT_TRUE(restarted.intact());
    EXPECT_TRUE(reaches(nullptr, "127.0.0.1", 8080));
}

TEST_F(FirewallTest, APortThatMovesGoesToItsNewPlace) {
    publish("0.0.0.0", 8080, 81);
    const Fd first = connected(nullptr, "127.0.0.1", 8080);
    EXPECT_EQ(peer_of(listeners_[1]), "10.213.1.1");
    state_.ports[0].container_port = 80;
    firewall_.apply(state_);
    EXPECT_TRUE(reaches(nullptr, "127.0.0.1", 8080));
    EXPECT_EQ(peer_seen(), "10.213.1.1");
}

TEST_F(FirewallTest, ThePortsHolderIsNamed) {
    EXPECT_EQ(port_holder(at("0.0.0.0"), 8088, Protocol::tcp), "");
    const Fd tcp = bound(nullptr, SOCK_STREAM, "127.0.0.1", 8088);
    const Fd udp = bound(nullptr, SOCK_DGRAM, "0.0.0.0", 8089);
    const std::string self = fmt::format("pid {}", ::getpid());
    EXPECT_NE(port_holder(at("0.0.0.0"), 8088, Protocol::tcp).find(self), std::string::npos);
    EXPECT_NE(port_holder(at("127.0.0.1"), 8089, Protocol::udp).find(self), std::string::npos);
    EXPECT_EQ(port_holder(at("127.0.0.1"), 8089, Protocol::tcp), "");
    EXPECT_EQ(port_holder(at("127.0.0.2"), 8088, Protocol::tcp), "");
}

}  // namespace
}  // namespace hoist::test
