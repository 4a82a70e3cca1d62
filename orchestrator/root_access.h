#pragma once
// SPDX-License-Identifier: Apache-2.0
// A container's files, reached from outside: for copying in and out.

#include <memory>

#include "orchestrator/engine_state.h"
#include "runtime/root_view.h"

namespace hoist::orchestrator {

/// The root of a container, volumes included. Of one that runs it is the root that its processes see; one that does not
/// is kept from starting, restarting and being removed as long as this object lives. Belongs to the engine's thread.
class RootAccess {
public:
    /// Of a container that runs.
    explicit RootAccess(Fd root) : root_(std::move(root)) {}
    /// Of one that does not.
    RootAccess(Engine::State& engine, runtime::RootView view, Semaphore::Permit permit);
    ~RootAccess();
    RootAccess(const RootAccess&) = delete;

    /// A descriptor (O_PATH) for a worker. Everything below is found through base/path.h's RootDir only: those who live
    /// in the container may rename and link meanwhile. (SEC-21, SEC-23)
    Fd root() const { return (view_ ? view_->root() : root_).duplicate(); }

private:
    static asio::awaitable<void> close(Engine::State& engine, std::shared_ptr<runtime::RootView> view,
                                       Semaphore::Permit permit);

    Engine::State* engine_ = nullptr;
    Fd root_;
    std::shared_ptr<runtime::RootView> view_;
    Semaphore::Permit permit_;
};

}  // namespace hoist::orchestrator
