#pragma once
// SPDX-License-Identifier: Apache-2.0
// JSON objects whose keys stay in the order in which they are given: scripts match what runc prints as text.

#include <initializer_list>
#include <string>
#include <utility>

#include "base/json.h"

namespace hoist::runtime {

using JsonFields = std::initializer_list<std::pair<const char*, Json>>;

/// {"id":"c","pid":7}
std::string json_line(JsonFields fields);
/// The same over several lines, for people.
std::string json_text(JsonFields fields);

}  // namespace hoist::runtime
