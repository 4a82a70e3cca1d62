#pragma once
// SPDX-License-Identifier: Apache-2.0
// Which registries there are, and how they are reached: the keys of daemon.json that concern them.

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "registry/url.h"

namespace hoist::registry {

struct Config {
    /// By the registry's name in references ("docker.io"): asked first, in this order.
    std::map<std::string, std::vector<Url>> mirrors;
    std::vector<std::string> insecure;                ///< "host", "host:port" or "10.0.0.0/8"
    int downloads = 3, uploads = 5;                   ///< at the same time
    std::string certificates = "/etc/hoist/certs.d";  ///< <host[:port]>/ca.crt below it
};

/// Reads "registry-mirrors" (a list for docker.io, as Docker's, or an object of lists by registry),
/// "insecure-registries", "max-concurrent-downloads", "max-concurrent-uploads". @throws Error(invalid) naming the key
Config parse_config(const Json& daemon_json);

/// How one server may be talked to.
struct Endpoint {
    Url base;
    bool mirror = false;
    bool verify = true;         ///< its certificate
    bool may_be_plain = false;  ///< http will do where https is not spoken
    std::string ca_file;        ///< trusted beside the system's; empty: none
    std::string name;           ///< of the registry in references
};

/// Where a registry's images are asked for, in order. Only what the configuration calls insecure is talked to without
/// a verified certificate; this machine itself may speak plain http. (SEC-34)
std::vector<Endpoint> endpoints_of(const std::string& registry, const Config& config);

/// The key of a registry's entry in ~/.docker/config.json.
std::string credentials_key(const std::string& registry);

}  // namespace hoist::registry
