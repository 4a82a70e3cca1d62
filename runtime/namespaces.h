#pragma once
// SPDX-License-Identifier: Apache-2.0
// Names and flags of namespaces.

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/oci.h"

namespace hoist::runtime {

/// "network" -> NamespaceType::network, as config.json writes it; nullopt if there is no such type.
std::optional<NamespaceType> namespace_type(const std::string& name);
const char* to_string(NamespaceType type);
/// As in /proc/self/ns: "net".
const char* proc_name(NamespaceType type);
/// CLONE_NEWNET, ... for clone3(2) and setns(2).
std::uint64_t clone_flag(NamespaceType type);
/// The entry of this type, or null when the container shares the runtime's.
const Namespace* find_namespace(const Config& config, NamespaceType type);

}  // namespace hoist::runtime
