#pragma once
// SPDX-License-Identifier: Apache-2.0
// Bind mounts of host paths that lead through a directory which containers write to: there a container could put a link
// to anywhere, and wait for another one to mount it. (SEC-11)

#include <string>
#include <vector>

namespace hoist::orchestrator {

/// A path in two parts: how to get to the directory that is shared, and the way inside, on which no link leads out.
struct ConfinedSource {
    std::string root;
    std::string below;  ///< empty: nobody but the host's users can bend the path
};

/// Splits `source` at the outermost of the `shared` directories on its way. Looks at the file system.
ConfinedSource confine_source(const std::string& source, const std::vector<std::string>& shared);

/// Whether it exists, found as the runtime will find it.
bool is_there(const ConfinedSource& source);

/// Makes it a directory. @throws Error
void make_source(const ConfinedSource& source);

}  // namespace hoist::orchestrator
