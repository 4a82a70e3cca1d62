#pragma once
// SPDX-License-Identifier: Apache-2.0
// Blocking work of the engine, on its worker pool.

#include "base/blocking.h"

namespace hoist::orchestrator {

using hoist::on_pool;

}  // namespace hoist::orchestrator
