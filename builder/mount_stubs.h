#pragma once
// SPDX-License-Identifier: Apache-2.0
// What mounting leaves in a container's layer: empty files and directories to mount on, which are no part of an image.

#include <string>
#include <vector>

namespace hoist::builder {

/// The paths below which a container always has mounts.
const std::vector<std::string>& standard_mounts();

/// Takes the empty files and directories at `targets` (and directories above them that were made for them) out of an
/// upper directory, unless the layers below have something there. Follows no link: a target that has become a link to
/// elsewhere stays as it is. (SEC-36)
void remove_mount_stubs(const std::string& upper, const std::vector<std::string>& layers,
                        const std::vector<std::string>& targets);

}  // namespace hoist::builder
