// SPDX-License-Identifier: Apache-2.0
// Opening a container's root for others.
#include "base/error.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_files.h"
#include "orchestrator/pidfd.h"
#include "orchestrator/root_access.h"

namespace hoist::orchestrator {

RootAccess::RootAccess(Engine::State& engine, runtime::RootView view, Semaphore::Permit permit)
    : engine_(&engine), view_(std::make_shared<runtime::RootView>(std::move(view))), permit_(std::move(permit)) {}

RootAccess::~RootAccess() {
    // Unmounting may write to the disk, and the next start has to wait for it.
    if (view_) engine_->tasks.spawn(close(*engine_, std::move(view_), std::move(permit_)), "root view");
}

asio::awaitable<void> RootAccess::close(Engine::State& engine, std::shared_ptr<runtime::RootView> view,
                                        Semaphore::Permit permit) {
    const auto held = std::move(permit);
    auto job = [view = std::move(view)]() mutable { view.reset(); };
    co_await on_pool(engine.pool, std::move(job));
}

asio::awaitable<std::shared_ptr<RootAccess>> ContainerActor::open_root() {
    const auto self = shared_from_this();
    if (const auto* up = std::get_if<Running>(&view_.state); up && process_) {
        const auto process = process_;
        Fd root = open_file(fmt::format("/proc/{}/root", up->pid), O_PATH | O_DIRECTORY);
        // Asked after it was opened: until now the number cannot have become another's.
        if (!has_ended(*process)) co_return std::make_shared<RootAccess>(std::move(root));
    }
    auto permit = co_await operations_.acquire();
    // It may have been started while others were ahead in the queue.
    if (running() && process_ && !has_ended(*process_)) {
        permit = {};
        co_return co_await open_root();
    }
    if (std::holds_alternative<Removing>(view_.state)) fail(Kind::not_found, "no such container: {}", view_.name);
    auto job = [input = start_input(), layout = engine_.layout, program = engine_.config.runtime_program]() mutable {
        return runtime::RootView::open(program, root_view_spec(std::move(input), layout));
    };
    auto view = co_await on_pool(engine_.pool, std::move(job));
    co_return std::make_shared<RootAccess>(engine_, std::move(view), std::move(permit));
}

}  // namespace hoist::orchestrator
