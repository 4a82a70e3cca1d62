#pragma once
// SPDX-License-Identifier: Apache-2.0
// The one-line notations for ports and mounts. @see compose-spec 05-services.md "ports", "volumes"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/model.h"

namespace hoist::compose {

/// What is wrong with a text, and which bytes of it are.
struct TextProblem {
    std::string message;
    std::size_t offset = 0, length = 0;
};

/// Reads [[HOST_IP:]HOST:]CONTAINER[/PROTOCOL]; ranges of equal length become one port each, a host range with one
/// container port stays a range. nullopt: `problem` says why.
std::optional<std::vector<Port>> parse_ports(std::string_view text, TextProblem& problem);

struct PortRange {
    std::uint16_t first = 0, last = 0;
};
/// Reads "80" or "80-90", each 1..65535. `what` ("host", "container") goes into the message; `whole` gives offsets.
std::optional<PortRange> parse_port_range(std::string_view text, std::string_view whole, const char* what,
                                          TextProblem& problem);

struct ShortVolume {
    std::string source, target;
    std::vector<std::string> options;
    bool is_bind() const { return source.starts_with('.') || source.starts_with('/') || source.starts_with('~'); }
};
/// Splits [SOURCE:]TARGET[:option,option].
std::optional<ShortVolume> parse_short_volume(std::string_view text, TextProblem& problem);

bool is_ipv4(std::string_view text);
bool is_ip(std::string_view text);

}  // namespace hoist::compose
