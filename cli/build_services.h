#pragma once
// SPDX-License-Identifier: Apache-2.0
// Images of a project's services.

#include "cli/command.h"
#include "compose/model.h"

namespace hoist::cli {

/// `hoist compose build [SERVICE...]`.
int build_services(Context& context, const Arguments& arguments);

/// Builds the images of these services (all that have `build:` if none is named), those that others are built from
/// first. @param only_missing  leaves out images that are there
/// @throws Error with file:line for what a build cannot do
void build_images(Context& context, const compose::Project& project, const std::vector<std::string>& services,
                  bool only_missing, const Arguments& arguments);

}  // namespace hoist::cli
