#pragma once
// SPDX-License-Identifier: Apache-2.0
// The grammar of .env and env_file. @see compose-go dotenv, docker-compose "env-file-syntax"

#include <optional>
#include <string>
#include <vector>

#include "compose/interpolate.h"

namespace hoist::compose {

struct EnvLine {
    std::string key;
    std::optional<std::string> value;  ///< nullopt: a bare name, to be inherited
    Origin where;                      ///< of the name
};

/// Reads KEY=value lines: `export`, comments, 'single' and "double" quotes over several lines with escapes, and
/// variables, which are looked up with `lookup` and then among the lines above. Mistakes go to `report`.
std::vector<EnvLine> read_env(std::uint32_t file, Report& report, const Lookup& lookup);

/// `format: raw`: the value is everything behind the =, as `docker run --env-file` reads it.
std::vector<EnvLine> read_raw_env(std::uint32_t file, Report& report);

}  // namespace hoist::compose
