#pragma once
// SPDX-License-Identifier: Apache-2.0
// Names of sysctls, and whose they are.

#include <optional>
#include <string>

#include "runtime/oci.h"

namespace hoist::runtime {

struct Sysctl {
    std::string path;                    ///< below /proc/sys: "net/ipv4/ip_forward"
    std::optional<NamespaceType> owner;  ///< the kind of namespace that has its own; nullopt: there is one for all
};

/// Reads a name as sysctl(8) does: the first '.' or '/' says which of them separates; where that is '/', a '.' belongs
/// to a part ("net/ipv4/conf/eth0.1/forwarding"), else a '/' does stand for it.
/// @return nullopt for what is no name: an empty part, ".", or ".."
std::optional<Sysctl> parse_sysctl(const std::string& name);

}  // namespace hoist::runtime
