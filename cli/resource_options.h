#pragma once
// SPDX-License-Identifier: Apache-2.0
// The options that limit a container: of create, run and update.

#include "base/json.h"
#include "cli/options.h"

namespace hoist::cli {

Options resource_options();
/// Adds what is given, in the words of HostConfig. @throws UsageError for what is no size or number
void add_resources(const Arguments& arguments, Json& to);
/// "on-failure:3" as HostConfig.RestartPolicy.
Json restart_policy(const std::string& text);

}  // namespace hoist::cli
