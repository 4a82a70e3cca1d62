#pragma once
// SPDX-License-Identifier: Apache-2.0
// What this runtime supports. @see opencontainers/runtime-spec features.md

#include "base/json.h"

namespace hoist::runtime {

Json features();

}  // namespace hoist::runtime
