#pragma once
// SPDX-License-Identifier: Apache-2.0
// Images that a command needs, brought here first.

#include <string>
#include <vector>

#include "cli/command.h"
#include "compose/model.h"

namespace hoist::cli {

/// When an image is pulled: as docker's --pull.
enum class PullPolicy { missing, always, never };
/// @throws UsageError for another word
PullPolicy parse_pull_policy(const std::string& word);

bool has_image(Context& context, const std::string& reference);
/// Pulls and shows the progress on standard error. @throws the daemon's Error
void pull_image(Context& context, const std::string& reference, const std::string& platform);

/// Pulls, all at once, what the project's services need and their pull_policy (or `policy`, if given) asks for. What
/// cannot be pulled though it is only missing is told, and left to what follows.
/// @throws Error if an image that has to be pulled cannot be
void pull_for_project(Context& context, const compose::Project& project, const std::optional<PullPolicy>& policy);

}  // namespace hoist::cli
