// SPDX-License-Identifier: Apache-2.0
// Addresses and host ports within the project: what the kernel would refuse later, told before anything is started.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "compose/resolve.h"
#include "compose/short_form.h"

namespace hoist::compose {
namespace {

struct Subnet {
    std::uint32_t first = 0, last = 0;
    bool contains(std::uint32_t address) const { return address >= first && address <= last; }
};

std::optional<std::uint32_t> address_of(const std::string& text) {
    in_addr address{};
    if (::inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

std::optional<Subnet> subnet_of(const std::string& text) {
    const auto slash = text.find('/');
    const auto address = address_of(text.substr(0, slash));
    unsigned bits = 33;
    if (slash != std::string::npos) std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
    if (!address || bits > 32) return std::nullopt;
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    return Subnet{*address & mask, *address | ~mask};
}

bool is_ipv6_subnet(const std::string& text) {
    return text.find(':') != std::string::npos && is_ip(text.substr(0, text.find('/')));
}

class NetworkChecker {
public:
    NetworkChecker(Context& context, const ProjectDraft& draft) : context_(context), draft_(draft) {}

    void run() {
        for (const auto& [key, network] : draft_.project.networks) check_subnets(key, network);
        for (const auto& [name, part] : draft_.services)
            for (const auto& [key, how] : part.service.networks)
                if (!how.ipv4_address.empty()) check_address(name, part, key, how.ipv4_address);
    }

private:
    Origin place(const std::string& key) const {
        const auto found = draft_.networks.find(key);
        return found == draft_.networks.end() ? Origin{} : found->second;
    }

    void check_subnets(const std::string& key, const Network& network) {
        for (const auto& ipam : network.ipam) {
            if (ipam.subnet.empty() || is_ipv6_subnet(ipam.subnet)) continue;
            const auto subnet = subnet_of(ipam.subnet);
            const auto tell = [&](const char* code, const std::string& message, const char* help = "") -> Diagnostic& {
                return context_.report.error(code, fmt::format("network \"{}\": {}", key, message), place(key), help);
            };
            if (!subnet) {
                tell("C05", fmt::format("subnet \"{}\" is not ADDRESS/BITS", ipam.subnet), "write it as 172.28.0.0/24");
                continue;
            }
            const auto gateway = address_of(ipam.gateway);
            if (!ipam.gateway.empty() && (!gateway || !subnet->contains(*gateway)))
                tell("C11", fmt::format("gateway {} is not in subnet {}", ipam.gateway, ipam.subnet));
            const auto range = subnet_of(ipam.ip_range);
            if (!ipam.ip_range.empty() && (!range || !subnet->contains(range->first) || !subnet->contains(range->last)))
                tell("C11", fmt::format("ip_range {} is not in subnet {}", ipam.ip_range, ipam.subnet));
            for (const auto& [other, theirs] : subnets_)
                if (subnet->first <= theirs.last && theirs.first <= subnet->last)
                    tell("C11", fmt::format("subnet {} overlaps with that of network \"{}\"", ipam.subnet, other),
                         "choose another subnet")
                        .others.push_back(context_.sources.span(place(other), "the other network"));
            subnets_.emplace_back(key, *subnet);
        }
    }

    void check_address(const std::string& name, const Draft& part, const std::string& key, const std::string& text) {
        const auto found = draft_.project.networks.find(key);
        const auto address = address_of(text);
        if (found == draft_.project.networks.end() || !address) return;
        const Origin where = part.place("networks." + key + ".ipv4_address");
        const auto tell = [&](const std::string& message, std::string help = {}) -> Diagnostic& {
            return context_.report.error("C11", fmt::format("service \"{}\": {}", name, message), where,
                                         std::move(help));
        };
        if (const auto [owner, is_new] = addresses_.try_emplace({key, *address}, name, where); !is_new)
            tell(fmt::format("address {} is taken by service \"{}\"", text, owner->second.first))
                .others.push_back(context_.sources.span(owner->second.second, "the first"));
        if (part.service.scale > 1)
            tell(fmt::format("address {} cannot be given to {} containers", text, part.service.scale),
                 "remove `ipv4_address`, or scale to 1");
        if (found->second.external) return;
        std::string subnets;
        bool inside = false;
        for (const auto& ipam : found->second.ipam) {
            const auto subnet = subnet_of(ipam.subnet);
            if (!subnet) continue;
            subnets += (subnets.empty() ? "" : ", ") + ipam.subnet;
            if (!subnet->contains(*address)) continue;
            inside = true;
            const auto gateway = ipam.gateway.empty() ? std::optional(subnet->first + 1) : address_of(ipam.gateway);
            if (gateway == address)
                tell(fmt::format("address {} is the gateway's", text), "choose another address of the subnet");
            else if (*address == subnet->first || *address == subnet->last)
                tell(fmt::format("address {} is the subnet's own or its broadcast address", text));
        }
        if (subnets.empty())
            tell(
                fmt::format("address {} needs a subnet, which network \"{}\" does not define", text, key),
                fmt::format("write\nnetworks:\n  {}:\n    ipam:\n      config:\n        - subnet: 172.28.0.0/24", key));
        else if (!inside)
            tell(fmt::format("address {} is not in the subnet of network \"{}\": {}", text, key, subnets))
                .others.push_back(context_.sources.span(place(key), "the network"));
    }

    Context& context_;
    const ProjectDraft& draft_;
    std::vector<std::pair<std::string, Subnet>> subnets_;
    std::map<std::pair<std::string, std::uint32_t>, std::pair<std::string, Origin>> addresses_;
};

}  // namespace

void check_networks(Context& context, const ProjectDraft& draft) {
    NetworkChecker(context, draft).run();
}

void check_host_ports(Context& context, const ProjectDraft& draft) {
    struct Owner {
        std::string service, ip;
        Origin where;
    };
    std::map<std::pair<std::uint16_t, std::string>, std::vector<Owner>> taken;
    const auto is_any = [](const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; };
    for (const auto& [name, part] : draft.services) {
        if (part.service.network_mode == "host" || part.service.scale == 0) continue;
        for (std::size_t i = 0; i < part.service.ports.size(); ++i) {
            const Port& port = part.service.ports[i];
            if (port.published == 0 || port.published_end > port.published) continue;
            const Origin where = part.place(fmt::format("ports.{}", i));
            if (part.service.scale > 1)
                context.report.error(
                    "C11",
                    fmt::format("service \"{}\": host port {} cannot be given to {} containers", name, port.published,
                                part.service.scale),
                    where,
                    fmt::format("publish a range, such as \"{}-{}:{}\", or only the container port", port.published,
                                std::min(65535, port.published + part.service.scale - 1), port.target));
            auto& owners = taken[{port.published, port.protocol}];
            for (const auto& owner : owners) {
                if (!is_any(port.host_ip) && !is_any(owner.ip) && port.host_ip != owner.ip) continue;
                context.report
                    .error("C11",
                           fmt::format("service \"{}\": host port {}/{} is already published by service \"{}\"", name,
                                       port.published, port.protocol, owner.service),
                           where, "choose another host port")
                    .others.push_back(context.sources.span(owner.where, "the first"));
                break;
            }
            owners.push_back({name, port.host_ip, where});
        }
    }
}

}  // namespace hoist::compose
