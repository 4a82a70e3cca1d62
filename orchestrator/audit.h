#pragma once
// SPDX-License-Identifier: Apache-2.0
// Every disagreement between database and kernel (INV-1, INV-4), both ways; changes nothing.

#include "orchestrator/engine.h"

namespace hoist::orchestrator {

asio::awaitable<std::vector<AuditFinding>> audit(Engine::State& engine);

}  // namespace hoist::orchestrator
