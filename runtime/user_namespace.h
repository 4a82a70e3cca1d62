#pragma once
// SPDX-License-Identifier: Apache-2.0
// User namespaces: which ids of the host stand behind those of a container.

#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "runtime/oci.h"

namespace hoist::runtime {

/// Makes a user namespace with these ids; it lives as long as the descriptor, or a process or mount that uses it.
/// Only for single-threaded callers with rights over the ids. @throws Error that names linux.uidMappings
Fd make_user_namespace(const std::vector<IdMapping>& uids, const std::vector<IdMapping>& gids);

/// Whether a namespace is the one that this process is in. @param name  as in /proc/self/ns: "net"
bool is_own_namespace(const Fd& fd, const char* name);

/// The host's id for one inside; with no mappings they are the same. @throws Error(invalid) if it is mapped to none
std::uint32_t host_id(const std::vector<IdMapping>& mappings, std::uint32_t inside);

}  // namespace hoist::runtime
