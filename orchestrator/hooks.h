#pragma once
// SPDX-License-Identifier: Apache-2.0
// Commands beside a container's life: inside it (post_start, pre_stop, reactions to changed files), and in containers
// of their own before its start (pre_start).

#include <boost/asio/awaitable.hpp>
#include <string>

#include "compose/lifecycle.h"
#include "orchestrator/engine.h"

namespace hoist::orchestrator {

struct HookEnd {
    int code = 0;
    std::string output;  ///< the beginning of what it wrote
};

/// Runs a command in a running container to its end. @throws Error if it cannot be begun
asio::awaitable<HookEnd> run_inside(Engine& engine, ContainerId id, ExecSpec spec);
ExecSpec exec_spec(const compose::Hook& hook);

/// Runs post_start hooks in order. @throws Error(conflict) with code and output of the first that fails
asio::awaitable<void> run_post_start(Engine& engine, ContainerId id, std::vector<compose::Hook> hooks);
/// Runs pre_stop hooks in order, as far as the container runs. Stopping goes on whatever they do.
/// @return what went wrong; empty: nothing
asio::awaitable<std::string> run_pre_stop(Engine& engine, ContainerId id, std::vector<compose::Hook> hooks);
/// Runs pre_start hooks in order, each in a container that shares networks and mounts with `id`, which exists and has
/// not been started. @throws Error(conflict) with code and output of the first that fails; later ones are not run
asio::awaitable<void> run_pre_start(Engine& engine, ContainerId id, std::vector<compose::Hook> hooks);

}  // namespace hoist::orchestrator
