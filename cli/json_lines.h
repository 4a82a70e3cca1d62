#pragma once
// SPDX-License-Identifier: Apache-2.0
// Docker's progress streams: a JSON object a line.

#include <functional>

#include "cli/http.h"

namespace hoist::cli {

/// Hands each object to `take` as it comes. @throws Error that a line reports
void read_json_lines(Answer& answer, const std::function<void(const Json&)>& take);

}  // namespace hoist::cli
