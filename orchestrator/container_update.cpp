// SPDX-License-Identifier: Apache-2.0
// Changing limits and restart policy of a container that exists: stored first, then told to the kernel. A refusal
// takes the stored ones back; a daemon that dies in between finds the mark in the row and tells the kernel again.
#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"
#include "orchestrator/oci_spec.h"
#include "orchestrator/resources.h"

namespace hoist::orchestrator {

asio::awaitable<void> ContainerActor::update(ContainerUpdate change) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    if (std::holds_alternative<Removing>(view_.state))
        fail(Kind::conflict, "container {} is being removed", view_.name);
    auto resources = merged(view_.spec.resources, change.resources);
    check_resources(resources);
    const auto restart = change.restart.value_or(view_.spec.restart);
    if (view_.spec.auto_remove && restart.name != RestartSpec::Name::no)
        fail(Kind::conflict, "container {} is removed when it ends: it cannot have a restart policy", view_.name);
    const auto before = view_.spec;
    view_.spec.resources = std::move(resources);
    view_.spec.restart = restart;
    view_.limits_pending = running();
    spec_text_ = text_of(view_.spec);
    std::exception_ptr failure;
    try {
        co_await persist();
        fail_point("update.stored");
        co_await apply_limits();
        fail_point("update.applied");
    } catch (...) {
        failure = std::current_exception();
    }
    view_.limits_pending = false;  // in the row from the next change on; until then it costs one repetition at most
    if (!failure) {
        publish("update");
        co_return;
    }
    view_.spec = before;
    spec_text_ = text_of(view_.spec);
    co_await persist();
    std::rethrow_exception(failure);
}

asio::awaitable<void> ContainerActor::apply_limits() {
    if (!running()) co_return;
    const Json request{{"op", "update"}, {"resources", runtime::to_json(oci_resources(view_.spec.resources))}};
    std::optional<Error> failure;
    try {
        co_await ask_monitor(request);
    } catch (Error& error) {
        failure = error.during("update container {}", view_.name);
    }
    if (failure && running()) throw *failure;  // one that has ended meanwhile starts with the new limits
}

/// After the daemon's start: what an update had stored, and perhaps not told.
asio::awaitable<void> ContainerActor::repeat_update() {
    if (!std::exchange(view_.limits_pending, false)) co_return;
    try {
        co_await apply_limits();
    } catch (const Error& error) {
        spdlog::warn("{}: the limits of an interrupted update: {}", view_.name, error.what());
    }
}

}  // namespace hoist::orchestrator
