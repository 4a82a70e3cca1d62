// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/port_allocator.h"

#include "base/error.h"

namespace hoist::orchestrator {
namespace {

constexpr std::uint16_t first_free = 32768, last_free = 60999;  // the kernel's own ephemeral range, as Docker

netmgr::Address host_address(const std::string& text) {
    if (text.empty() || text == "::") return {};
    const auto address = netmgr::parse_address(text);
    if (!address) fail(Kind::invalid, "published port: host address '{}' is not an IPv4 address", text);
    return *address;
}

/// Who has the port already: empty if nobody.
std::string owner(const HostPort& port, const PortTable& used,
                  const std::function<std::string(const ContainerId&)>& name_of,
                  const std::function<std::string(const HostPort&)>& held_by) {
    for (const auto& [other, id] : used)
        if (collide(port, other)) return "container " + name_of(id);
    return held_by(port);
}

std::string in_words(const HostPort& port, const std::string& protocol) {
    return fmt::format("{}:{}/{}", to_string(port.address), port.port, protocol);
}

}  // namespace

bool collide(const HostPort& left, const HostPort& right) {
    if (left.port != right.port || left.protocol != right.protocol) return false;
    return left.address == right.address || left.address.value == 0 || right.address.value == 0;
}

netmgr::Protocol parse_protocol(const std::string& word) {
    if (word.empty() || word == "tcp") return netmgr::Protocol::tcp;
    if (word == "udp") return netmgr::Protocol::udp;
    if (word == "sctp") return netmgr::Protocol::sctp;
    fail(Kind::invalid, "protocol '{}' of a published port: use tcp, udp or sctp", word);
}

HostPort host_port(const PublishedPortState& port) {
    return {host_address(port.host_ip), port.host_port, parse_protocol(port.protocol)};
}

std::vector<PublishedPortState> allocate_ports(const std::vector<PortSpec>& wanted, const PortTable& used,
                                               const std::function<std::string(const ContainerId&)>& name_of,
                                               const std::function<std::string(const HostPort&)>& held_by) {
    PortTable taken = used;
    std::vector<PublishedPortState> chosen;
    for (const auto& want : wanted) {
        const bool any = want.host_port == 0;
        const int first = any ? first_free : want.host_port;
        const int last = any ? last_free : std::max(want.host_port, want.host_port_end);
        HostPort port{host_address(want.host_ip), 0, parse_protocol(want.protocol)};
        std::string holder;
        for (int number = first; number <= last; ++number) {
            port.port = static_cast<std::uint16_t>(number);
            holder = owner(port, taken, name_of, held_by);
            if (holder.empty()) break;
        }
        if (!holder.empty() && first == last)
            fail(Kind::conflict, "port {} is already in use by {}", in_words(port, want.protocol), holder);
        if (!holder.empty())
            fail(Kind::conflict, "all ports {}-{}/{} are in use; {} belongs to {}", first, last, want.protocol,
                 port.port, holder);
        taken.emplace(port, ContainerId());
        chosen.push_back({want.host_ip, port.port, want.container_port, want.protocol});
    }
    return chosen;
}

}  // namespace hoist::orchestrator
