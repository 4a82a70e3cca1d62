#pragma once
// SPDX-License-Identifier: Apache-2.0
// A service's `build:` as what is asked of the daemon. @see compose-spec build.md

#include <string>
#include <vector>

#include "compose/model.h"
#include "wire/build_messages.h"

namespace hoist::cli {

bool has_build(const compose::Service& service);
/// Its `image:`, or project-service.
std::string image_of(const compose::Project& project, const compose::Service& service);
/// The services whose images its additional contexts name.
std::vector<std::string> services_built_from(const compose::Service& service);
/// @throws Error(invalid) for a key that a build here cannot honour, Error if a file cannot be read
wire::BuildRequest build_request(const compose::Project& project, const compose::Service& service);

}  // namespace hoist::cli
