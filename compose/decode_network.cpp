// SPDX-License-Identifier: Apache-2.0
// Service keys about networks: ports, expose, networks, links, extra_hosts, and namespaces shared with others.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compose/draft.h"
#include "compose/short_form.h"

namespace hoist::compose {
namespace {

void add_port(ServiceDecoder& d, Port port, const Origin& where) {
    d.draft.places[fmt::format("ports.{}", d.service.ports.size())] = where;
    d.service.ports.push_back(std::move(port));
}

void decode_short_port(ServiceDecoder& d, const Node& node) {
    TextProblem problem;
    auto ports = parse_ports(node.text, problem);
    if (!ports) {
        d.values.error("C05", locate(d.values.context().sources, node, problem.offset, problem.length),
                       fmt::format("`ports`: {}", problem.message),
                       "write [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]: \"8080:80\"");
        return;
    }
    for (auto& port : *ports) add_port(d, std::move(port), node.where);
}

void decode_long_port(ServiceDecoder& d, const Node& node) {
    Port port;
    bool has_target = false, good = true;
    const auto number = [&](const Node& n, const char* what) {
        TextProblem problem;
        std::optional<PortRange> range;
        if (n.is_scalar()) range = parse_port_range(n.text, n.text, what, problem);
        if (!range) {
            good = false;
            d.values.error("C05", n.where,
                           fmt::format("`ports`: {}", n.is_scalar() ? problem.message : "a port is a number"));
        }
        return range.value_or(PortRange{});
    };
    read_fields(
        d.values, d.project, "ports", node,
        {{"target", [&](const Node& n) { has_target = true, port.target = number(n, "container").first; }},
         {"published",
          [&](const Node& n) {
              if (n.is_null() || n.text.empty() || n.text == "0") return;
              const PortRange range = number(n, "host");
              port.published = range.first;
              if (range.last > range.first) port.published_end = range.last;
          }},
         {"host_ip",
          [&](const Node& n) {
              d.values.read("host_ip", n, port.host_ip);
              if (!port.host_ip.empty() && !is_ip(port.host_ip))
                  d.values.error("C05", n.where, fmt::format("`host_ip`: \"{}\" is no IP address", port.host_ip));
          }},
         {"protocol",
          [&](const Node& n) {
              d.values.read("protocol", n, port.protocol);
              if (port.protocol != "tcp" && port.protocol != "udp" && port.protocol != "sctp")
                  d.values.error("C05", n.where, fmt::format("\"{}\" is no protocol: tcp, udp or sctp", port.protocol));
          }},
         {"app_protocol", [&](const Node& n) { d.values.read("app_protocol", n, port.app_protocol); }},
         {"mode", [&](const Node& n) { d.values.read("mode", n, port.mode); }},
         {"name", [&](const Node& n) { d.values.read("name", n, port.name); }}});
    if (!has_target)
        d.values.error("C04", node.where, "an entry of `ports` needs `target`, the port in the container");
    else if (good)
        add_port(d, std::move(port), node.where);
}

}  // namespace

void decode_ports(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (item.is_map())
            decode_long_port(d, item);
        else if (d.values.is_text("an entry of ports", item))
            decode_short_port(d, item);
    }
}

void decode_expose(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (!d.values.is_text("an entry of expose", item)) continue;
        TextProblem problem;
        if (item.text.find(':') == std::string::npos && parse_ports(item.text, problem))
            d.service.expose.push_back(item.text);
        else
            d.values.error("C05", item.where,
                           fmt::format("`expose`: {}", problem.message.empty() ? "only a container port is written here"
                                                                               : problem.message));
    }
}

void decode_networks(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    if (!node.is_map()) return d.values.wrong_type(key, node, "a list of names or a map");
    for (const auto& entry : node.entries) {
        ServiceNetwork network;
        const std::string at = "networks." + entry.key;
        d.draft.places[at] = entry.key_where;
        if (!entry.value.is_null())
            read_fields(
                d.values, d.project, at, entry.value,
                {{"aliases", [&](const Node& n) { d.values.read("aliases", n, network.aliases); }},
                 {"ipv4_address",
                  [&](const Node& n) {
                      d.values.read("ipv4_address", n, network.ipv4_address);
                      d.draft.places[at + ".ipv4_address"] = n.where;
                      if (!network.ipv4_address.empty() && !is_ipv4(network.ipv4_address))
                          d.values.error(
                              "C05", n.where,
                              fmt::format("`ipv4_address`: \"{}\" is no IPv4 address", network.ipv4_address));
                  }},
                 {"ipv6_address",
                  [&](const Node& n) {
                      d.values.read("ipv6_address", n, network.ipv6_address);
                      d.draft.places[at + ".ipv6_address"] = n.where;
                      if (!network.ipv6_address.empty() &&
                          (!is_ip(network.ipv6_address) || is_ipv4(network.ipv6_address)))
                          d.values.error(
                              "C05", n.where,
                              fmt::format("`ipv6_address`: \"{}\" is no IPv6 address", network.ipv6_address));
                  },
                  idle},
                 {"link_local_ips", [&](const Node& n) { d.values.read("link_local_ips", n, network.link_local_ips); },
                  idle},
                 {"driver_opts", [&](const Node& n) { d.values.read("driver_opts", n, network.driver_opts); }, idle},
                 {"priority", [&](const Node& n) { d.values.read("priority", n, network.priority); }},
                 {"mac_address", [&](const Node& n) { d.values.read("mac_address", n, network.mac_address); }},
                 {"interface_name", [&](const Node& n) { d.values.read("interface_name", n, network.interface_name); },
                  idle},
                 {"gw_priority", [&](const Node& n) { d.values.read("gw_priority", n, network.gw_priority); }}});
        d.service.networks.emplace_back(entry.key, std::move(network));
    }
}

void decode_namespace(ServiceDecoder& d, const std::string& key, const Node& node) {
    std::string mode;
    d.values.read(key, node, mode);
    (key == "network_mode" ? d.service.network_mode
     : key == "ipc"        ? d.service.ipc
     : key == "pid"        ? d.service.pid
     : key == "cgroup"     ? d.service.cgroup
                           : d.service.uts) = mode;
    static const std::map<std::string, std::vector<std::string>> words = {
        {"ipc", {"shareable", "private", "host", "none"}},
        {"pid", {"host"}},
        {"uts", {"host"}},
        {"cgroup", {"host", "private"}}};
    const auto known = words.find(key);
    if (known != words.end() && !mode.empty() && !mode.starts_with("service:") && !mode.starts_with("container:") &&
        std::find(known->second.begin(), known->second.end(), mode) == known->second.end())
        d.values.error("C05", node.where, fmt::format("`{}` cannot be \"{}\"", key, mode),
                       suggest(mode, known->second));
    if (!mode.starts_with("service:")) return;
    static const std::map<std::string, const char*> kinds = {
        {"network_mode", "network_mode"}, {"ipc", "ipc"}, {"pid", "pid"}, {"uts", "uts"}, {"cgroup", "cgroup"}};
    add_edge(d, mode.substr(8), kinds.at(key), node.where, true);
}

void decode_links(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (!d.values.is_text("an entry of links", item)) continue;
        const auto colon = item.text.find(':');
        const std::string service = item.text.substr(0, colon);
        add_edge(d, service, "links", item.where, true);
        if (colon != std::string::npos) d.draft.links.push_back({service, item.text.substr(colon + 1)});
    }
}

void read_extra_hosts(Values& values, const std::string& key, const Node& node, std::vector<std::string>& out) {
    if (!values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (!values.is_text("an entry of " + key, item)) continue;
        const auto split_at = item.text.find_first_of("=:");
        const std::string host = item.text.substr(0, split_at);
        if (host.empty() || split_at == std::string::npos) {
            values.error("C05", item.where, fmt::format("`{}`: \"{}\" is not NAME=ADDRESS", key, item.text));
            continue;
        }
        for (auto address : split(item.text.substr(split_at + 1), ',')) {
            address = trim(address);
            if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
            if (address == "host-gateway" || is_ip(address))
                out.push_back(host + "=" + address);
            else
                values.error("C05", item.where, fmt::format("`{}`: \"{}\" is no IP address", key, address),
                             "write NAME=ADDRESS, or NAME=host-gateway");
        }
    }
}

void decode_extra_hosts(ServiceDecoder& d, const std::string& key, const Node& node) {
    read_extra_hosts(d.values, key, node, d.service.extra_hosts);
}

}  // namespace hoist::compose
