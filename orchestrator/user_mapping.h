#pragma once
// SPDX-License-Identifier: Apache-2.0
// User namespaces for containers: which ids of the host stand behind those inside. @see docker "userns-remap",
// subuid(5), subgid(5)

#include <optional>
#include <string>
#include <vector>

#include "runtime/oci.h"

namespace hoist::orchestrator {

/// What a container's ids are on the host, from 0 on; the same for all containers of a daemon.
struct UserMapping {
    std::vector<runtime::IdMapping> uids, gids;
};

/// The texts of /etc/passwd, /etc/group, /etc/subuid and /etc/subgid.
struct AccountFiles {
    std::string passwd, group, subuid, subgid;
};
AccountFiles read_account_files();

/// Reads "userns-remap": "default" (the user hoist, or dockremap), "user", "user:group", or ids instead of names.
/// Ranges of the user in subuid, and of the group in subgid, are put together in their order. Pure.
/// @throws Error(invalid) that says which line is missing or wrong
UserMapping read_user_mapping(const std::string& option, const AccountFiles& files);

/// The host's id for one inside. @throws Error(invalid) if it is mapped to none
std::uint32_t host_id(const std::vector<runtime::IdMapping>& mappings, std::uint32_t inside);

}  // namespace hoist::orchestrator
