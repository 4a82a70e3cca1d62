#pragma once
// SPDX-License-Identifier: Apache-2.0
// Addresses of registries and what they redirect to. Pure.

#include <cstdint>
#include <string>

namespace hoist::registry {

struct Url {
    std::string scheme = "https";  ///< or "http"
    std::string host;              ///< lower case, IPv6 addresses without brackets
    std::uint16_t port = 443;
    std::string target = "/";  ///< path and query

    /// "host" or "host:port", as the Host header wants it.
    std::string authority() const;
    std::string str() const { return scheme + "://" + authority() + target; }
    bool secure() const { return scheme == "https"; }
};

/// @throws Error(invalid) for other schemes, user names, blanks and control characters
Url parse_url(const std::string& text);
/// Where a Location header leads that came from `base`; relative ones are allowed. @throws Error(invalid)
Url resolve_url(const Url& base, const std::string& location);

/// Whether a name or address always means this machine.
bool is_loopback(const std::string& host);
/// Whether credentials of one host may be given to another: the same, or one within the domain of the other.
/// Docker Hub's token server is a neighbour and known by name. (SEC-33)
bool shares_credentials(const std::string& registry, const std::string& other);

std::string percent_encode(std::string_view text);

}  // namespace hoist::registry
