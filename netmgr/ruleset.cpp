// SPDX-License-Identifier: Apache-2.0
#include "netmgr/ruleset.h"

#include "base/text.h"

namespace hoist::netmgr {
namespace {

// The rules never change: what differs between states are elements, so that one more network or port is one more
// element and no packet walks a list. Our verdicts end only our own chains: a host whose other tables drop forwarded
// packets (another engine's FORWARD policy, firewalld) still drops ours, and has to be told to let the bridges through.
constexpr const char* skeleton = R"(table inet hoist
delete table inet hoist
table inet hoist {
	# our bridges; those of internal networks; pairs in which containers of one network may be forwarded to each other
	set bridges { type ifname; }
	set internal { type ifname; }
	set same { type ifname . ifname; }
	# container subnets; each with its bridge; those that leave under the host's address
	set subnets { type ipv4_addr; flags interval; }
	set homes { type ifname . ipv4_addr; flags interval; }
	set hidden { type ipv4_addr; flags interval; }
	# published ports: at one host address; at every host address
	map ports { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
	map any_ports { type inet_proto . inet_service : ipv4_addr . inet_service; }

	# Loopback addresses never come from a wire, though they are routable on our bridges.
	chain loopback {
		type filter hook prerouting priority raw; policy accept;
		iifname != "lo" ip daddr 127.0.0.0/8 drop
		iifname != "lo" ip saddr 127.0.0.0/8 drop
	}

	# Container addresses are not reachable directly, only from their own bridge; before destination NAT, so that
	# published ports, whose packets are addressed to the host here, are not meant.
	chain direct {
		type filter hook prerouting priority mangle; policy accept;
		ct state established,related accept
		ip daddr @subnets iifname . ip daddr != @homes fib daddr type != local drop
	}

	chain publish {
		meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport map @ports
		meta l4proto { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @any_ports
	}
	chain publish_in {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local jump publish
	}
	chain publish_out {
		type nat hook output priority -100; policy accept;
		fib daddr type local jump publish
	}

	# From 127.0.0.1, from the same network (a container that calls its own published port too), from inside to outside.
	chain source {
		type nat hook postrouting priority srcnat; policy accept;
		oifname @bridges ip saddr 127.0.0.0/8 masquerade
		ct status dnat oifname . ip saddr @homes masquerade
		ip saddr @hidden oifname . ip saddr != @homes masquerade
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established,related accept
		iifname . oifname @same accept
		iifname @internal drop
		oifname @internal drop
		oifname @bridges ct status dnat accept
		oifname @bridges drop
		iifname @bridges meta nfproto ipv6 drop
	}
}
)";

const char* name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return "tcp";
        case Protocol::udp:
            return "udp";
        case Protocol::sctp:
            return "sctp";
    }
    return "tcp";
}

void add_network(Elements& elements, const BridgeNetwork& network) {
    const std::string bridge = "\"" + network.bridge + "\"";
    const std::string subnet = to_string(network.subnet);
    elements["bridges"].insert(bridge);
    elements["subnets"].insert(subnet);
    elements["homes"].insert(bridge + " . " + subnet);
    if (network.inter_container) elements["same"].insert(bridge + " . " + bridge);
    if (network.internal) elements["internal"].insert(bridge);
    if (network.masquerade && !network.internal) elements["hidden"].insert(subnet);
}

void add_port(Elements& elements, const PublishedPort& port) {
    const std::string key = fmt::format("{} . {}", name_of(port.protocol), port.host_port);
    const std::string target = fmt::format("{} . {}", to_string(port.container_address), port.container_port);
    if (port.host_address == Address{})
        elements["any_ports"].insert(key + " : " + target);
    else
        elements["ports"].insert(fmt::format("{} . {} : {}", to_string(port.host_address), key, target));
}

std::string command(const char* verb, const std::string& set, const std::vector<std::string>& elements) {
    return fmt::format("{} element inet hoist {} {{ {} }}\n", verb, set, join(elements, ", "));
}

}  // namespace

Elements elements_of(const FirewallState& state) {
    Elements elements;
    for (const char* set : {"bridges", "internal", "same", "subnets", "homes", "hidden", "ports", "any_ports"})
        elements[set];
    std::set<NetworkId> closed;
    for (const BridgeNetwork& network : state.networks) {
        add_network(elements, network);
        if (network.internal) closed.insert(network.id);
    }
    for (const PublishedPort& port : state.ports)
        if (!closed.contains(port.network)) add_port(elements, port);
    return elements;
}

std::string render_skeleton() {
    return skeleton;
}

std::string render_difference(const Elements& old, const Elements& wanted) {
    std::string removals, additions;
    for (const auto& [set, elements] : wanted) {
        const auto before = old.find(set);
        std::vector<std::string> gone, fresh;
        if (before != old.end())
            std::set_difference(before->second.begin(), before->second.end(), elements.begin(), elements.end(),
                                std::back_inserter(gone));
        const std::set<std::string> none;
        const auto& known = before == old.end() ? none : before->second;
        std::set_difference(elements.begin(), elements.end(), known.begin(), known.end(), std::back_inserter(fresh));
        if (!gone.empty()) removals += command("delete", set, gone);
        if (!fresh.empty()) additions += command("add", set, fresh);
    }
    return removals + additions;
}

std::string render_ruleset(const FirewallState& state) {
    return render_skeleton() + render_difference({}, elements_of(state));
}

}  // namespace hoist::netmgr
