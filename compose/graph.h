#pragma once
// SPDX-License-Identifier: Apache-2.0
// Who waits for whom, as a picture.

#include <string>

#include "compose/model.h"

namespace hoist::compose {

/// A tree in text: services that nothing depends on, and below each what it needs, with the condition.
std::string graph_text(const Project& project);
/// For Graphviz.
std::string graph_dot(const Project& project);
/// A drawing without further tools: dependencies at the bottom, an arrow from each dependent.
std::string graph_svg(const Project& project);

}  // namespace hoist::compose
