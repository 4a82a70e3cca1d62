#pragma once
// SPDX-License-Identifier: Apache-2.0
// The log option `tag`: a text with fields of the container.

#include <string>

#include "orchestrator/container.h"

namespace hoist::orchestrator {

/// "{{.Name}}/{{.ID}}" with the container's own: ID, FullID, Name, FullName, ImageID, ImageFullID, ImageName,
/// DaemonName. Pure. @throws Error(invalid) for another field, or braces that are not closed
std::string expand_log_tag(const std::string& text, const ContainerView& view);

}  // namespace hoist::orchestrator
