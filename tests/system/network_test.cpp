// SPDX-License-Identifier: Apache-2.0
// Namespaces, bridges, veth pairs and the host's addresses, in a test host.
#include <thread>

#include "tests/system/net_lab.h"

namespace hoist::test {
namespace {

using namespace netmgr;

class NetworkTest : public testing::Test {
protected:
    void SetUp() override { links_.ensure_bridge(network_); }
    void TearDown() override {
        EXPECT_EQ(pairs_left(), 0u);
        links_.remove_bridge(network_);
    }
    /// The links "hv-..." left after the kernel has had time to take dead namespaces apart.
    std::size_t pairs_left() {
        for (int i = 0; i < 500; ++i) {
            if (links_.ours().size() == 1) return 0;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return links_.ours().size() - 1;
    }
    Links links_;
    BridgeNetwork network_ = network_of("10.213.5.0/24");
};

TEST_F(NetworkTest, ANamespaceHasLoopbackUpAndNoIpv6OnWhatComesLater) {
    const Fd netns = make_network_namespace();
    EXPECT_EQ(run_in(netns,
                     "cat /sys/class/net/lo/flags; ls /proc/sys/net/ipv6/conf; "
                     "cat /proc/sys/net/ipv6/conf/default/accept_ra /proc/sys/net/ipv6/conf/default/disable_ipv6"),
              "0x9\nall\ndefault\nlo\n0\n1\n");
    EXPECT_NE(run_in(netns, "ip addr show lo").find("127.0.0.1/8"), std::string::npos);
}

TEST_F(NetworkTest, TheCallingThreadStaysAtHome) {
    const std::string before = sh("readlink /proc/self/ns/net");
    const Fd netns = make_network_namespace();
    EXPECT_EQ(sh("readlink /proc/self/ns/net"), before);
    EXPECT_NE(run_in(netns, "readlink /proc/self/ns/net"), before);
}

TEST_F(NetworkTest, TheBridgeHasItsAddressAndMac) {
    links_.ensure_bridge(network_);  // a second time changes nothing
    const auto shown = nlohmann::json::parse(sh("ip -j -d addr show " + network_.bridge)).at(0);
    EXPECT_EQ(shown["address"], mac_of(network_.gateway));
    EXPECT_EQ(shown["addr_info"].size(), 1u);
    EXPECT_EQ(shown["addr_info"][0]["local"], "10.213.5.1");
    EXPECT_EQ(shown["addr_info"][0]["prefixlen"], 24);
    EXPECT_EQ(shown["linkinfo"]["info_data"]["forward_delay"], 0);
    EXPECT_EQ(shown["linkinfo"]["info_data"]["stp_state"], 0);
}

TEST_F(NetworkTest, TwoBoxesTalkAtTheirStaticAddresses) {
    const Box one = plug(links_, network_, "10.213.5.10"), two = plug(links_, network_, "10.213.5.20");
    const Fd listener = bound(&two.netns, SOCK_STREAM, "10.213.5.20", 80);
    EXPECT_TRUE(connected(&one.netns, "10.213.5.20", 80, 900));  // at once: no wait for a second ARP request
    EXPECT_EQ(peer_of(listener), "10.213.5.10");
    EXPECT_TRUE(reaches(nullptr, "10.213.5.20", 80));
    const auto eth0 = nlohmann::json::parse(run_in(one.netns, "ip -j addr show eth0")).at(0);
    EXPECT_EQ(eth0["address"], "02:42:0a:d5:05:0a");
    EXPECT_EQ(eth0["addr_info"].size(), 1u) << "no IPv6 address: " << eth0.dump();
    EXPECT_EQ(run_in(one.netns, "ip route show default"), "default via 10.213.5.1 dev eth0 \n");
}

TEST_F(NetworkTest, WithoutInterContainerTrafficBoxesReachOnlyTheHost) {
    network_.inter_container = false;
    const Box one = plug(links_, network_, "10.213.5.10"), two = plug(links_, network_, "10.213.5.20");
    const Fd listener = bound(&two.netns, SOCK_STREAM, "10.213.5.20", 80);
    EXPECT_TRUE(connected(nullptr, "10.213.5.20", 80, 900));
    EXPECT_FALSE(reaches(&one.netns, "10.213.5.20", 80));
}

TEST_F(NetworkTest, ThePairDiesWithItsNamespace) {
    { const Box box = plug(links_, network_, "10.213.5.10"); }
    EXPECT_EQ(pairs_left(), 0u);
}

TEST_F(NetworkTest, ABoxCanBePluggedInAgainAtOnceUnderItsOldName) {
    Box box = plug(links_, network_, "10.213.5.10");
    for (int i = 0; i < 10; ++i) {
        box.netns = make_network_namespace();
        links_.attach(box.netns, network_, box.endpoint);
        const Fd listener = bound(&box.netns, SOCK_STREAM, "10.213.5.10", 80);
        EXPECT_TRUE(connected(nullptr, "10.213.5.10", 80, 900)) << i;
    }
}

TEST_F(NetworkTest, AnAddressMovesToAnotherBoxAtOnce) {
    for (int i = 0; i < 10; ++i) {
        const Box box = plug(links_, network_, "10.213.5.10");
        const Fd listener = bound(&box.netns, SOCK_STREAM, "10.213.5.10", 80);
        EXPECT_TRUE(connected(nullptr, "10.213.5.10", 80, 900)) << i;
    }
}

TEST_F(NetworkTest, DetachLeavesNothing) {
    const Box box = plug(links_, network_, "10.213.5.10");
    links_.detach(box.endpoint);
    links_.detach(box.endpoint);
    EXPECT_EQ(links_.ours(), std::vector{network_.bridge});
    EXPECT_EQ(run_in(box.netns, "ls /proc/sys/net/ipv4/conf"), "all\ndefault\nlo\n");
}

TEST_F(NetworkTest, AFailedAttachLeavesNothingAndSaysWhy) {
    const Box box = plug(links_, network_, "10.213.5.10");
    Endpoint again = box.endpoint;
    again.container = ContainerId::random();  // the same interface name in the same namespace
    EXPECT_THROW(links_.attach(box.netns, network_, again), Error);
    EXPECT_EQ(links_.ours().size(), 2u);
    const BridgeNetwork absent = network_of("10.213.6.0/24");
    try {
        links_.attach(box.netns, absent, again);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Kind::not_found);
        EXPECT_NE(std::string(error.what()).find(absent.bridge), std::string::npos) << error.what();
    }
}

TEST_F(NetworkTest, ManyThreadsPlugAtOnce) {
    std::vector<Box> boxes(64);
    std::vector<std::thread> threads;
    std::atomic<int> failures = 0;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = t; i < 64; i += 8) try {
                    boxes[i] = plug(links_, network_, fmt::format("10.213.5.{}", 10 + i));
                } catch (const Error&) {
                    ++failures;
                }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(links_.ours().size(), 65u);
    boxes.clear();
    EXPECT_EQ(pairs_left(), 0u);
}

TEST_F(NetworkTest, HostSubnetsAreAddressesAndRoutesOfAllTables) {
    sh("ip route add 10.99.0.0/16 dev " + network_.bridge);
    sh("ip route add 10.98.0.0/16 dev " + network_.bridge + " table 77");
    sh("ip route add default dev " + network_.bridge);
    EXPECT_THAT(links_.host_subnets(),
                testing::UnorderedElementsAre(*parse_subnet("10.213.5.0/24"), *parse_subnet("10.99.0.0/16"),
                                              *parse_subnet("10.98.0.0/16")));
}

}  // namespace
}  // namespace hoist::test
