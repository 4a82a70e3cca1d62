#pragma once
// SPDX-License-Identifier: Apache-2.0
// Who a container's process is: names and numbers looked up in the image's own passwd and group, parsed strictly, so
// that no odd string is ever taken for root. (SEC-17, SEC-18)

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/oci.h"

namespace hoist::runtime {

struct ResolvedUser {
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups;  ///< supplementary ones, the primary group among them
    std::string home;                   ///< empty if passwd does not tell
};

/// A decimal user or group id: digits only, at most 2^32-2. nullopt for anything else.
std::optional<std::uint32_t> parse_id(std::string_view text);

/// Resolves `user` by the content of a passwd and a group file ("" for a missing one).
/// Digits mean that number, also if an entry has them as its name; everything else must be the name of an entry.
/// @throws Error(invalid) for what is neither
ResolvedUser resolve_user(const User& user, std::string_view passwd, std::string_view group);

}  // namespace hoist::runtime
