#pragma once
// SPDX-License-Identifier: Apache-2.0
// Execs as the API sees them: made, started once, waited for.

#include <memory>

#include "orchestrator/engine.h"
#include "orchestrator/sync.h"

namespace hoist::orchestrator {

struct RunningExec;

struct ExecRecord {
    explicit ExecRecord(asio::any_io_executor executor) : changed(std::move(executor)) {}
    ExecView view;
    Signal changed;
    std::shared_ptr<RunningExec> process;
};

asio::awaitable<ExecId> create_exec(Engine::State& engine, ContainerId container, ExecSpec spec);
asio::awaitable<ExecStreams> start_exec(Engine::State& engine, ExecId id, TerminalSize terminal);
asio::awaitable<int> wait_exec(Engine::State& engine, ExecId id);
void resize_exec(Engine::State& engine, const ExecId& id, int rows, int columns);
void note_detached(Engine::State& engine, const ExecId& id);
/// @throws Error(not_found)
std::shared_ptr<ExecRecord> exec_record(const Engine::State& engine, const ExecId& id);

}  // namespace hoist::orchestrator
