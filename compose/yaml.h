#pragma once
// SPDX-License-Identifier: Apache-2.0
// YAML text to trees, guarded against hostile input.

#include <vector>

#include "compose/node.h"
#include "compose/report.h"

namespace hoist::compose {

struct YamlLimits {
    std::size_t bytes = 1u << 20;  ///< of one file
    std::size_t nodes = 100'000;   ///< after expansion of aliases, of one document
    std::size_t text = 32u << 20;  ///< bytes of all scalars after expansion
    int depth = 100;
};

/// Reads all documents of a file: anchors, aliases and `<<` expanded, duplicate keys refused, scalars kept as text.
/// Mistakes go to `report`; what comes back is then of no use. (SEC-55)
std::vector<Node> read_yaml(std::uint32_t file, Sources& sources, Report& report, const YamlLimits& limits = {});

}  // namespace hoist::compose
