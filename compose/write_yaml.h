#pragma once
// SPDX-License-Identifier: Apache-2.0
// JSON values as block YAML, in the order of their keys.

#include <nlohmann/json.hpp>
#include <string>

namespace hoist::compose {

/// Texts that could be read as something else are quoted, also by the rules of YAML 1.1.
std::string write_yaml(const nlohmann::ordered_json& value);

}  // namespace hoist::compose
