#pragma once
// SPDX-License-Identifier: Apache-2.0
// RUN --mount. @see the Dockerfile reference, "RUN --mount"

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"

namespace hoist::builder {

struct RunMount {
    enum class Type { bind, cache, tmpfs, secret, ssh };
    enum class Sharing { shared, exclusive, locked };  ///< exclusive: "private"
    Type type = Type::bind;
    std::string from, source = "/", target, id, env;
    bool read_only = true;  ///< bind; cache: false by default
    bool required = false;  ///< secret, ssh
    Sharing sharing = Sharing::shared;
    std::optional<std::uint32_t> mode;
    std::uint32_t uid = 0, gid = 0;
    std::optional<Bytes> size;  ///< tmpfs
};

/// Reads "type=cache,target=/root/.cache". @throws Error(invalid) that names the key
RunMount parse_run_mount(const std::string& text);

}  // namespace hoist::builder
