#pragma once
// SPDX-License-Identifier: Apache-2.0
// --chmod and --chown.

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace hoist::builder {

/// A change of modes: "0644", or "u+rw,go-w,a=rX". @throws Error(invalid)
class ModeChange {
public:
    static ModeChange parse(const std::string& text);
    /// @param mode  type and permissions. @return permissions
    mode_t apply(mode_t mode) const;

private:
    std::string symbolic_;
    std::optional<mode_t> fixed_;
};

struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
};
/// "user", "user:group", "1:2": names are looked up in an image's passwd and group. A user alone brings its group; a
/// number alone is group too. @throws Error(invalid)
Owner parse_owner(const std::string& text, std::string_view passwd, std::string_view group);

}  // namespace hoist::builder
