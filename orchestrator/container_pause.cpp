// SPDX-License-Identifier: Apache-2.0
// Pausing: the monitor freezes the cgroup and is asked after a daemon's restart, so it alone knows for sure; the row
// only follows.
#include <csignal>

#include "base/error.h"
#include "base/log.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/oci_spec.h"

namespace hoist::orchestrator {

bool ContainerActor::paused() const {
    const auto* up = std::get_if<Running>(&view_.state);
    return up && up->paused;
}

asio::awaitable<void> ContainerActor::set_paused(bool wanted) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    if (!running()) fail(Kind::conflict, "container {} is not running", view_.name);
    if (paused() == wanted)
        fail(Kind::conflict, "container {} is {}", view_.name, wanted ? "already paused" : "not paused");
    const Json request{{"op", wanted ? "pause" : "unpause"}};
    try {
        co_await ask_monitor(request);
    } catch (Error& error) {
        throw error.during("{} container {}", wanted ? "pause" : "unpause", view_.name);
    }
    const auto transition = co_await transitions_.acquire();
    if (!running()) co_return;  // it has ended meanwhile
    note_paused(wanted);
    co_await persist();
    publish(wanted ? "pause" : "unpause");
}

void ContainerActor::note_paused(bool paused) {
    std::get<Running>(view_.state).paused = paused;
    if (paused) ++pauses_;
    changed_.notify();
    health_wake_.notify();
}

/// A signal that is to end it reaches what is frozen only once that thaws; any other one waits for `unpause`.
asio::awaitable<void> ContainerActor::thaw_after(int signal) {
    const bool ends = signal == SIGKILL || signal == effective_stop_signal(view_.spec, image_.config);
    if (!ends || !paused()) co_return;
    if (signal != SIGKILL) {  // the monitor thaws by itself what it kills
        const Json request{{"op", "unpause"}};
        try {
            co_await ask_monitor(request);
        } catch (const Error&) {
            if (paused()) throw;  // else it has ended by now
        }
    }
    const auto transition = co_await transitions_.acquire();
    if (!paused()) co_return;
    note_paused(false);
    publish("unpause");
}

}  // namespace hoist::orchestrator
