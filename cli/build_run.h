#pragma once
// SPDX-License-Identifier: Apache-2.0
// Asks the daemon for a build and shows how it goes.

#include <map>
#include <string>
#include <vector>

#include "cli/command.h"
#include "wire/build_messages.h"

namespace hoist::cli {

/// POST /hoist/v1/build. Ctrl-C ends it. @return the image's id
/// @throws the daemon's Error, which shows the Dockerfile's line and the step's last output
std::string run_build(Context& context, const wire::BuildRequest& request, ProgressMode mode,
                      const std::string& headline);

/// Reads the Dockerfile and .dockerignore of a local context, with the user's own rights.
/// @param file  as given by --file; empty: Dockerfile in the context
/// @throws Error(not_found) that says what is looked for
void read_dockerfile(wire::BuildRequest& request, const std::string& file);

/// "name=value" pairs; a name alone takes the value of the environment, and is left out if there is none.
std::map<std::string, std::string> read_pairs(const std::vector<std::string>& texts);

/// --secret "id=x,src=file", "id=x,env=NAME", "src=file". @throws Error
void add_secret(wire::BuildRequest& request, const std::string& text);
/// --ssh "default", "id=/path/of/socket". @throws Error
void add_ssh(wire::BuildRequest& request, const std::string& text);

}  // namespace hoist::cli
