// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/port_allocator.h"

#include "base/error.h"

namespace hoist::orchestrator {
namespace {

const ContainerId web("web");

std::string allocate(const std::vector<PortSpec>& wanted, const PortTable& used,
                     const std::map<std::uint16_t, std::string>& held = {}) {
    std::string text;
    try {
        const auto name_of = [](const ContainerId& id) { return id.str(); };
        const auto held_by = [&](const HostPort& port) {
            const auto it = held.find(port.port);
            return it == held.end() ? std::string() : it->second;
        };
        for (const auto& port : allocate_ports(wanted, used, name_of, held_by))
            text += fmt::format("{}{}->{}", text.empty() ? "" : " ", port.host_port, port.container_port);
    } catch (const Error& error) {
        text = error.what();
    }
    return text;
}

const PortTable used{{{{}, 8080, netmgr::Protocol::tcp}, web}, {{{}, 32768, netmgr::Protocol::tcp}, web}};

TEST(AllocatePorts, GivesWhatIsFree) {
    EXPECT_EQ(allocate({{.host_port = 80, .container_port = 80}}, used), "80->80");
    EXPECT_EQ(allocate({{.host_port = 8080, .container_port = 80, .protocol = "udp"}}, used), "8080->80");
    EXPECT_EQ(allocate({{.container_port = 80}, {.container_port = 81}}, used), "32769->80 32770->81");
    EXPECT_EQ(allocate({{.host_port = 8080, .host_port_end = 8082, .container_port = 80}}, used), "8081->80");
}

TEST(AllocatePorts, NamesTheOwner) {
    EXPECT_EQ(allocate({{.host_port = 8080, .container_port = 80}}, used),
              "port 0.0.0.0:8080/tcp is already in use by container web");
    EXPECT_EQ(allocate({{.host_ip = "127.0.0.1", .host_port = 8080, .container_port = 80}}, used),
              "port 127.0.0.1:8080/tcp is already in use by container web");
    EXPECT_EQ(allocate({{.host_port = 22, .container_port = 22}}, used, {{22, "sshd, pid 7"}}),
              "port 0.0.0.0:22/tcp is already in use by sshd, pid 7");
    EXPECT_EQ(allocate({{.host_port = 8080, .host_port_end = 8081, .container_port = 80}}, used, {{8081, "x, pid 9"}}),
              "all ports 8080-8081/tcp are in use; 8081 belongs to x, pid 9");
    EXPECT_EQ(allocate({{.host_ip = "fe80::1", .host_port = 1, .container_port = 1}}, used),
              "published port: host address 'fe80::1' is not an IPv4 address");
}

TEST(AllocatePorts, IsAllOrNothingWithinOneContainer) {
    EXPECT_NE(allocate({{.host_port = 90, .container_port = 1}, {.host_port = 90, .container_port = 2}}, used),
              "90->1 90->2");
}

}  // namespace
}  // namespace hoist::orchestrator
