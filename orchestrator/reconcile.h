#pragma once
// SPDX-License-Identifier: Apache-2.0
// The daemon's start: from rows and from what the kernel and the disk hold to one state.

#include "orchestrator/engine.h"

namespace hoist::orchestrator {

struct Network;
/// Reads all rows into memory. @throws Error
void load(Engine::State& engine);
asio::awaitable<void> reconcile(Engine::State& engine);
/// A network with the containers that are on it.
NetworkView view_of(const Network& network);

}  // namespace hoist::orchestrator
