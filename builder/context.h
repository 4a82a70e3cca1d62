#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where a build's files come from.

#include <stop_token>
#include <string>

#include "builder/request.h"

namespace hoist::builder {

/// Makes the context a directory (a repository or archive at a URL is fetched into `directory`), and reads the
/// Dockerfile and .dockerignore from it unless their texts are given; no link leads out of it. (SEC-35, SEC-38)
/// @throws Error(not_found) if there is no Dockerfile
void open_context(BuildRequest& request, const std::string& directory, std::stop_token stop);

}  // namespace hoist::builder
