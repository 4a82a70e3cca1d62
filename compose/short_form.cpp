// SPDX-License-Identifier: Apache-2.0
#include "compose/short_form.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hoist::compose {
namespace {

TextProblem problem_at(std::string_view whole, std::string_view part, std::string message) {
    if (part.data() == nullptr || part.empty()) return {std::move(message), 0, whole.size()};
    return {std::move(message), static_cast<std::size_t>(part.data() - whole.data()), part.size()};
}

std::optional<std::uint16_t> parse_port_number(std::string_view text, std::string_view whole, const char* what,
                                               TextProblem& problem) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
        problem = problem_at(whole, text, fmt::format("{} port \"{}\" is not a number", what, text));
        return std::nullopt;
    }
    const long number = text.size() > 6 ? 1'000'000 : std::stol(std::string(text));
    if (number < 1 || number > 65535) {
        problem = problem_at(whole, text, fmt::format("{} port {} is out of range 1-65535", what, text));
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(number);
}

/// Takes what stands behind the last colon off the end of `text`.
std::string_view take_last(std::string_view& text) {
    const auto colon = text.rfind(':');
    const std::string_view last = colon == std::string_view::npos ? text : text.substr(colon + 1);
    text = colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
    return last;
}

bool is_address(std::string_view text, int family) {
    unsigned char buffer[16];
    return ::inet_pton(family, std::string(text).c_str(), buffer) == 1;
}

}  // namespace

bool is_ipv4(std::string_view text) {
    return is_address(text, AF_INET);
}
bool is_ip(std::string_view text) {
    return is_address(text, AF_INET) || is_address(text, AF_INET6);
}

std::optional<PortRange> parse_port_range(std::string_view text, std::string_view whole, const char* what,
                                          TextProblem& problem) {
    const auto dash = text.find('-');
    const auto first = parse_port_number(text.substr(0, dash), whole, what, problem);
    if (!first) return std::nullopt;
    if (dash == std::string_view::npos) return PortRange{*first, *first};
    const auto last = parse_port_number(text.substr(dash + 1), whole, what, problem);
    if (!last) return std::nullopt;
    if (*last < *first) {
        problem = problem_at(whole, text, fmt::format("the {} port range {} ends before it begins", what, text));
        return std::nullopt;
    }
    return PortRange{*first, *last};
}

std::optional<std::vector<Port>> parse_ports(std::string_view text, TextProblem& problem) {
    const std::string_view whole = text;
    Port port;
    if (const auto slash = text.rfind('/'); slash != std::string_view::npos) {
        const std::string_view protocol = text.substr(slash + 1);
        port.protocol = protocol;
        std::transform(port.protocol.begin(), port.protocol.end(), port.protocol.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        if (port.protocol != "tcp" && port.protocol != "udp" && port.protocol != "sctp") {
            problem = problem_at(whole, protocol, fmt::format("\"{}\" is no protocol: tcp, udp or sctp", protocol));
            return std::nullopt;
        }
        text = text.substr(0, slash);
    }
    const bool has_host = text.find(':') != std::string_view::npos;
    const auto target = parse_port_range(take_last(text), whole, "container", problem);
    if (!target) return std::nullopt;
    std::optional<PortRange> published;
    if (has_host) {
        const bool has_ip = text.find(':') != std::string_view::npos;
        const std::string_view host = take_last(text);
        if (!host.empty() || !has_ip) published = parse_port_range(host, whole, "host", problem);
        if (!published && (!host.empty() || !has_ip)) return std::nullopt;
        std::string_view ip = text;
        if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
        if (has_ip && !is_ip(ip)) {
            problem = problem_at(whole, text, fmt::format("\"{}\" is no IP address", text));
            return std::nullopt;
        }
        port.host_ip = ip;
    }
    std::vector<Port> ports;
    const int count = target->last - target->first;
    if (published && published->last - published->first != count && count > 0) {
        problem = problem_at(whole, whole, "the host range and the container range differ in length");
        return std::nullopt;
    }
    for (int i = 0; i <= count; ++i) {
        port.target = static_cast<std::uint16_t>(target->first + i);
        if (published) port.published = static_cast<std::uint16_t>(published->first + i);
        if (published && count == 0 && published->last > published->first) port.published_end = published->last;
        ports.push_back(port);
    }
    return ports;
}

std::optional<ShortVolume> parse_short_volume(std::string_view text, TextProblem& problem) {
    const auto parts = split(text, ':');
    ShortVolume volume;
    if (parts.size() == 1) {
        volume.target = parts[0];
    } else if (parts.size() <= 3) {
        volume.source = parts[0], volume.target = parts[1];
        if (parts.size() == 3) volume.options = split(parts[2], ',');
    }
    if (parts.size() > 3)
        problem = {"there are too many colons: SOURCE:TARGET[:OPTIONS]", 0, text.size()};
    else if (parts.size() > 1 && volume.source.empty())
        problem = {"there is nothing before the colon", 0, text.size()};
    else if (volume.target.empty())
        problem = {"the path in the container is missing", 0, text.size()};
    else if (!volume.target.starts_with('/'))
        problem = {fmt::format("the path in the container, \"{}\", is not absolute", volume.target),
                   text.size() == volume.target.size() ? 0 : volume.source.size() + 1, volume.target.size()};
    else
        return volume;
    return std::nullopt;
}

}  // namespace hoist::compose
