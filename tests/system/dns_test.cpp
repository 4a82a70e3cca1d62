// SPDX-License-Identifier: Apache-2.0
// The resolver at 127.0.0.11, asked from containers' namespaces, in a test host.
#include <chrono>
#include <thread>

#include "base/file.h"
#include "tests/support/temp_dir.h"
#include "tests/system/net_lab.h"

namespace hoist::test {
namespace {

using namespace netmgr;

std::string question(const std::string& name, int type = 1) {
    std::string packet("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
    for (std::size_t at = 0; at < name.size();) {
        const auto end = std::min(name.find('.', at), name.size());
        packet += static_cast<char>(end - at);
        packet += name.substr(at, end - at);
        at = end + 1;
    }
    return packet + std::string("\0\0", 2) + static_cast<char>(type) + std::string("\0\1", 2);
}

int code_of(const std::string& reply) {
    return reply.size() < 12 ? -1 : reply[3] & 15;
}

class DnsTest : public testing::Test {
protected:
    void SetUp() override {
        box_ = make_network_namespace();
        folder_.write("resolv.conf", "nameserver 127.0.0.53\n");
        server_ = std::make_unique<DnsServer>(folder_ / "resolv.conf");
        server_->set_names(net_, {{"db", {at("10.213.1.10")}}, {"web", {at("10.213.1.11"), at("10.213.1.12")}}});
        server_->set_names(foreign_, {{"secret", {at("10.213.2.10")}}});
    }
    void add(bool forward = true, std::vector<std::string> upstream = {}) {
        server_->add(id_, open_dns_sockets(box_), {net_}, forward, std::move(upstream));
    }
    std::string ask(const std::string& name, int type = 1, int milliseconds = 500) {
        return asked(&box_, "127.0.0.11", 53, question(name, type), milliseconds);
    }
    std::string address(const std::string& name) {
        const std::string reply = ask(name);
        if (reply.size() < 4 || code_of(reply) != 0) return fmt::format("code {}", code_of(reply));
        in_addr raw;
        std::memcpy(&raw, reply.data() + reply.size() - 4, 4);
        return to_string(Address{ntohl(raw.s_addr)});
    }
    /// A name server on the host's loopback, which knows one address for everything.
    std::jthread upstream(const std::string& where, const char last, int answers = 1) {
        auto socket = std::make_shared<Fd>(bound(nullptr, SOCK_DGRAM, where, 53));
        return std::jthread([socket, last, answers] {
            for (int i = 0; i < answers && readable(*socket, 5000); ++i) {
                char buffer[512];
                sockaddr_in from{};
                socklen_t size = sizeof from;
                const auto n =
                    ::recvfrom(socket->get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
                std::string reply(buffer, n);
                reply[2] = static_cast<char>(0x81);
                reply[7] = 1;
                reply += std::string("\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2", 15) + last;
                std::string forged = reply, other = reply;
                forged[0] ^= 1;  // another id
                other[13] ^= 1;  // another question
                for (const std::string& packet : {forged, other, reply})
                    ::sendto(socket->get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
            }
        });
    }

    TempDir folder_;
    NetworkId net_ = NetworkId::random(), foreign_ = NetworkId::random();
    ContainerId id_ = ContainerId::random();
    Fd box_;
    std::unique_ptr<DnsServer> server_;
};

TEST_F(DnsTest, NamesOfSharedNetworksAreAnswered) {
    add(false);
    EXPECT_EQ(address("db"), "10.213.1.10");
    EXPECT_EQ(address("DB"), "10.213.1.10");
    EXPECT_EQ(address("secret"), "code 3");
    EXPECT_EQ(code_of(ask("db", 28)), 0);
    server_->set_names(net_, {{"db", {at("10.213.1.99")}}});
    EXPECT_EQ(address("db"), "10.213.1.99");
    EXPECT_EQ(address("web"), "code 3");
}

TEST_F(DnsTest, BusyboxLooksUpNames) {
    add(false);
    const std::string shown = run_in(box_, "busybox nslookup -type=a web 127.0.0.11");
    EXPECT_NE(shown.find("10.213.1.11"), std::string::npos) << shown;
    EXPECT_NE(shown.find("10.213.1.12"), std::string::npos) << shown;
    const std::string reverse = run_in(box_, "busybox nslookup -type=ptr 10.1.213.10.in-addr.arpa 127.0.0.11");
    EXPECT_NE(reverse.find("name = db"), std::string::npos) << reverse;
}

TEST_F(DnsTest, TcpIsServedToo) {
    add(false);
    const Fd socket = connected(&box_, "127.0.0.11", 53);
    ASSERT_TRUE(socket);
    const std::string one = std::string(1, '\0') + static_cast<char>(question("db").size()) + question("db");
    write_all(socket, one + one, "socket");  // two in a row
    std::string received;
    while (received.size() < 2 * (2 + question("db").size() + 16) && readable(socket, 500)) {
        char buffer[512];
        const ssize_t n = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (n <= 0) break;
        received.append(buffer, n);
    }
    EXPECT_EQ(received.size(), 2 * (2 + question("db").size() + 16));
}

TEST_F(DnsTest, TheContainerMayBindPort53Itself) {
    add(false);
    const Fd udp = bound(&box_, SOCK_DGRAM, "0.0.0.0", 53);
    const Fd tcp = bound(&box_, SOCK_STREAM, "0.0.0.0", 53);
    EXPECT_EQ(address("db"), "10.213.1.10");
    asked(&box_, "127.0.0.1", 53, question("db"), 0);
    EXPECT_TRUE(readable(udp, 300)) << "127.0.0.1 is the container's own";
    EXPECT_TRUE(reaches(&box_, "127.0.0.1", 53));
}

TEST_F(DnsTest, QueriesWaitForARestartedServer) {
    const DnsSockets sockets = open_dns_sockets(box_);
    const auto copy = [&] { return DnsSockets{sockets.udp.duplicate(), sockets.tcp.duplicate()}; };
    server_->add(id_, copy(), {net_}, false, {});
    EXPECT_EQ(address("db"), "10.213.1.10");
    server_.reset();
    std::jthread restart([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        server_ = std::make_unique<DnsServer>(folder_ / "resolv.conf");
        server_->set_names(net_, {{"db", {at("10.213.1.10")}}});
        server_->add(id_, copy(), {net_}, false, {});
    });
    EXPECT_NE(ask("db", 1, 2000), "");
}

TEST_F(DnsTest, TheRestIsForwardedAndForgeriesAreIgnored) {  // SEC-49
    add();
    const auto thread = upstream("127.0.0.53", 7);
    EXPECT_EQ(address("example.org"), "192.0.2.7");
}

TEST_F(DnsTest, AnInternalNetworkForwardsNothing) {  // SEC-48
    add(false);
    const Fd socket = bound(nullptr, SOCK_DGRAM, "127.0.0.53", 53);
    EXPECT_EQ(address("example.org"), "code 3");
    EXPECT_FALSE(readable(socket, 100));
}

TEST_F(DnsTest, AnEditedResolvConfIsFollowed) {  // REL-35
    add();
    folder_.write("resolv.conf", "");
    EXPECT_EQ(address("example.org"), "code 2");
    EXPECT_EQ(address("db"), "10.213.1.10");
    folder_.write("resolv.conf", "# edited\nnameserver 127.0.0.54\n");
    const auto thread = upstream("127.0.0.54", 9);
    EXPECT_EQ(address("example.org"), "192.0.2.9");
}

TEST_F(DnsTest, ADeadServerIsPassedOver) {
    add(true, {"127.0.0.77", "127.0.0.54"});  // nobody listens at the first
    const auto thread = upstream("127.0.0.54", 9);
    EXPECT_EQ(address("example.org"), "192.0.2.9");
}

TEST_F(DnsTest, LocalNamesAreQuickWhileTheUpstreamIsSilent) {  // REL-44
    add();
    const Fd silent = bound(nullptr, SOCK_DGRAM, "127.0.0.53", 53);
    const Fd flood = socket_in(&box_, SOCK_DGRAM | SOCK_NONBLOCK);
    const sockaddr_in name = name_of("127.0.0.11", 53);
    std::vector<double> milliseconds;
    for (int i = 0; i < 100; ++i) {
        for (int k = 0; k < 20; ++k) {
            const std::string packet = question(fmt::format("x{}-{}.example.org", i, k));
            ::sendto(flood.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&name),
                     sizeof name);
        }
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(address("db"), "10.213.1.10");
        milliseconds.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    EXPECT_LT(milliseconds[90], 20);
    RecordProperty("median_ms", fmt::format("{:.2f}", milliseconds[50]));
}

TEST_F(DnsTest, ARemovedContainerIsAnsweredNoMore) {
    add(false);
    server_->remove(id_);
    EXPECT_EQ(ask("db", 1, 100), "");
}

}  // namespace
}  // namespace hoist::test
