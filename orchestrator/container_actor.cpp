// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/container_actor.h"

#include <algorithm>
#include <csignal>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "orchestrator/container_row.h"
#include "orchestrator/exec.h"
#include "orchestrator/oci_spec.h"
#include "storage/container_root.h"

namespace hoist::orchestrator {
namespace {
constexpr std::chrono::seconds default_grace{10};
constexpr std::chrono::seconds patience_after_kill{10};
}  // namespace

ContainerActor::ContainerActor(Engine::State& engine, ContainerView view, ImageFacts image)
    : engine_(engine),
      view_(std::move(view)),
      image_(std::move(image)),
      spec_text_(text_of(view_.spec)),
      operations_(engine.executor(), 1),
      transitions_(engine.executor(), 1),
      changed_(engine.executor()),
      health_wake_(engine.executor()) {}

storage::ContainerRow ContainerActor::row() const {
    return container_row(view_, spec_text_);
}

asio::awaitable<void> ContainerActor::persist() {
    auto write = [row = row()](storage::Transaction& transaction) { transaction.put(row); };
    co_await engine_.commit(std::move(write));
}

void ContainerActor::publish(const std::string& action, Attributes more) {
    if (!attributes_ || attributes_->at("name") != view_.name) {
        auto attributes = view_.spec.labels;
        attributes["name"] = view_.name;
        attributes["image"] = view_.spec.image;
        attributes_ = std::make_shared<const Attributes>(std::move(attributes));
    }
    engine_.events.publish("container", action, view_.id.str(), std::move(more), attributes_);
}

void ContainerActor::set_state(State state) {
    view_.state = std::move(state);
    changed_.notify();
}

std::optional<Exit> ContainerActor::last_exit() const {
    if (const auto* exited = std::get_if<Exited>(&view_.state)) return exited->last;
    if (const auto* restarting = std::get_if<Restarting>(&view_.state)) return restarting->last;
    return std::nullopt;
}

std::chrono::seconds ContainerActor::grace_of(std::optional<std::chrono::seconds> asked) const {
    const auto grace = asked ? *asked : view_.spec.stop_timeout.value_or(default_grace);
    return grace < std::chrono::seconds(0) ? std::chrono::hours(24 * 365) : grace;  // -1: for ever
}

asio::awaitable<void> ContainerActor::start() {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    if (paused()) fail(Kind::conflict, "container {} is paused: unpause it instead", view_.name);
    if (running()) co_return;
    cancel_restart();
    view_.restart_count = 0;
    view_.stopped_by_user = false;
    back_off_ = {};
    co_await start_locked();
}

asio::awaitable<void> ContainerActor::start_locked() {
    if (std::holds_alternative<Removing>(view_.state))
        fail(Kind::conflict, "container {} is being removed", view_.name);
    std::optional<Error> failure;
    try {
        const auto permit = co_await engine_.starters.acquire();
        co_await launch();
    } catch (Error& error) {
        failure = error.during("start container {}", view_.name);
    }
    if (!failure) co_return;
    co_await settle();
    co_await store_failed_start(failure->message());
    throw *failure;
}

asio::awaitable<bool> ContainerActor::exits_within(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (running()) {
        if (std::chrono::steady_clock::now() >= deadline) co_return false;
        co_await changed_.wait(deadline);
    }
    co_return true;
}

asio::awaitable<void> ContainerActor::end_process(int signal, std::chrono::seconds grace) {
    const auto send = [](int number) { return Json{{"op", "signal"}, {"signal", number}, {"all", number == SIGKILL}}; };
    for (const int number : {signal, SIGKILL}) {
        if (!running()) co_return;
        publish("kill", {{"signal", std::to_string(number)}});
        try {
            co_await ask_monitor(send(number));
            co_await thaw_after(number);
        } catch (const Error& error) {
            if (running()) spdlog::warn("{}: signal {}: {}", view_.name, number, error.what());
        }
        const std::chrono::milliseconds limit = number == SIGKILL ? patience_after_kill : grace;
        if (co_await exits_within(limit)) co_return;
    }
    fail(Kind::timeout,
         "container {} did not end within {} s of SIGKILL: its process {} waits inside the kernel; it is cleaned up "
         "when "
         "it ends",
         view_.name, patience_after_kill.count(), std::get<Running>(view_.state).pid);
}

asio::awaitable<void> ContainerActor::stop(std::optional<std::chrono::seconds> grace) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    cancel_restart();
    const bool waiting = std::holds_alternative<Restarting>(view_.state);
    if (!running() && !waiting) {
        if (!std::exchange(view_.stopped_by_user, true)) co_await persist();
        co_return;
    }
    view_.stopped_by_user = true;
    if (running()) {
        stopping_ = true;
        const std::shared_ptr<void> over(nullptr, [this](void*) { stopping_ = false; });
        co_await end_process(effective_stop_signal(view_.spec, image_.config), grace_of(grace));
    }
    if (const auto* restarting = std::get_if<Restarting>(&view_.state)) {
        set_state(Exited{restarting->last});
        co_await persist();
    }
    co_await settle();
    publish("stop");
    if (view_.spec.auto_remove) run(auto_remove());
}

asio::awaitable<void> ContainerActor::restart(std::optional<std::chrono::seconds> grace) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    cancel_restart();
    if (running()) {
        stopping_ = true;
        const std::shared_ptr<void> over(nullptr, [this](void*) { stopping_ = false; });
        co_await end_process(effective_stop_signal(view_.spec, image_.config), grace_of(grace));
        publish("stop");
    }
    view_.restart_count = 0;
    view_.stopped_by_user = false;
    back_off_ = {};
    co_await start_locked();
    publish("restart");
}

asio::awaitable<void> ContainerActor::kill(int signal) {
    const auto self = shared_from_this();
    if (!running()) fail(Kind::conflict, "container {} is not running", view_.name);
    // A signal that ends it is the user's stop for `unless-stopped` and the like, as Docker counts it.
    if (signal == SIGKILL || signal == effective_stop_signal(view_.spec, image_.config)) view_.stopped_by_user = true;
    const Json request{{"op", "signal"}, {"signal", signal}, {"all", signal == SIGKILL}};
    co_await ask_monitor(request);
    publish("kill", {{"signal", std::to_string(signal)}});
    co_await thaw_after(signal);
    if (signal == SIGKILL) co_await exits_within(patience_after_kill);
}

asio::awaitable<void> ContainerActor::rename(std::string name) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    const auto [it, added] = engine_.names.emplace(name, view_.id);
    if (!added) fail(Kind::conflict, "container name {} is already used by container {}", name, it->second.shortened());
    const auto old = std::exchange(view_.name, name);
    try {
        co_await persist();
    } catch (...) {
        engine_.names.erase(name);
        view_.name = old;
        throw;
    }
    engine_.names.erase(old);
    publish("rename", {{"oldName", "/" + old}});
}

asio::awaitable<void> ContainerActor::remove(bool force, bool with_anonymous_volumes) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    if (removed_) fail(Kind::not_found, "no such container: {}", view_.name);
    if (running() && !force)
        fail(Kind::conflict, "container {} is running: stop it first, or remove it with force", view_.name);
    cancel_restart();
    if (running()) {
        stopping_ = true;
        const std::shared_ptr<void> over(nullptr, [this](void*) { stopping_ = false; });
        co_await end_process(SIGKILL, std::chrono::seconds(10));
    }
    const auto state = view_.state;
    if (const auto exit = last_exit()) last_known_ = *exit;  // for those who wait for the removal
    set_state(Removing{});
    std::vector<std::string> volumes;
    for (const auto& mount : view_.spec.mounts)
        if (mount.anonymous && with_anonymous_volumes) volumes.push_back(mount.source);
    // The row goes first: what is left after a crash has no owner then, and the next start clears it away.
    const auto settled = engine_.tasks.begin(settle(), view_.name);
    std::exception_ptr failure;
    try {
        auto write = [id = view_.id, volumes](storage::Transaction& transaction) {
            transaction.remove_container(id);
            for (const auto& volume : volumes) transaction.remove_volume(volume);
        };
        co_await engine_.commit(std::move(write));
    } catch (...) {
        failure = std::current_exception();
    }
    co_await settled.settled();
    if (failure) {
        set_state(state);
        std::rethrow_exception(failure);
    }
    fail_point("remove.committed");
    engine_.networks.release(view_.id);
    engine_.names.erase(view_.name);
    std::erase_if(engine_.execs, [&](const auto& entry) { return entry.second->view.container == view_.id; });
    for (const auto& volume : volumes) engine_.volumes.forget(volume);
    auto job = [layout = engine_.layout, id = view_.id, volumes] {
        storage::discard_container_root(layout, id);
        for (const auto& volume : volumes) Volumes::discard(layout, volume);
        remove_tree(layout.container_run(id));
    };
    co_await on_pool(engine_.pool, std::move(job));
    engine_.trash.wake();
    engine_.containers.erase(view_.id);
    removed_ = true;
    publish("destroy");
    changed_.notify();
}

asio::awaitable<Exit> ContainerActor::wait(WaitFor condition) {
    const auto self = shared_from_this();
    const auto before = exits_;
    Exit last = last_exit().value_or(last_known_);
    for (;;) {
        if (const auto exit = last_exit())
            last = *exit;
        else if (std::holds_alternative<Removing>(view_.state))
            last = last_known_;
        const bool up = running() || std::holds_alternative<Restarting>(view_.state);
        if (removed_ || (condition == WaitFor::not_running && !up)) co_return last;
        if (condition == WaitFor::next_exit && exits_ != before) co_return last;
        co_await changed_.wait();
    }
}

/// @throws Error(conflict) when waiting for its health is in vain
void ContainerActor::check_may_become_healthy(Patience patience) const {
    const bool policy = !view_.stopped_by_user && view_.spec.restart.name != RestartSpec::Name::no;
    const bool patient = patience == Patience::while_restarted && policy;
    const auto* exited = std::get_if<Exited>(&view_.state);
    if (exited && !patient)
        fail(Kind::conflict, "container {} ended with code {} before it was healthy", view_.name, exited->last.code);
    if (removed_ || std::holds_alternative<Removing>(view_.state) ||
        (std::holds_alternative<Created>(view_.state) && !patient))
        fail(Kind::conflict, "container {} is not running", view_.name);
    if (running() && view_.health.status == Health::unhealthy && !patient) {
        const auto& log = view_.health.log;
        fail(Kind::conflict, "container {} is unhealthy: {}", view_.name,
             log.empty() ? "no probe has succeeded" : trim(log.back().output));
    }
}

asio::awaitable<void> ContainerActor::wait_healthy(Patience patience) {
    const auto self = shared_from_this();
    if (!has_test(effective_health(view_.spec, image_.config)))
        fail(Kind::conflict, "container {} has no health check", view_.name);
    while (!running() || view_.health.status != Health::healthy || view_.health.recalled) {
        check_may_become_healthy(patience);
        co_await changed_.wait();
    }
}

asio::awaitable<void> ContainerActor::attach(Fd socket, AttachSpec what) {
    const auto self = shared_from_this();
    if (paused()) fail(Kind::conflict, "container {} is paused: unpause it before attach", view_.name);
    publish("attach");
    if (!running() || !monitor_) {
        clients_.push_back({std::move(socket), std::move(what)});
        co_return;
    }
    co_await ask_monitor(attach_request(what), std::vector<int>(1, socket.get()));
}

Json ContainerActor::attach_request(const AttachSpec& what) {
    return {{"op", "attach"},
            {"stdin", what.input},
            {"stdout", what.out},
            {"stderr", what.err},
            {"detach_keys", what.detach_keys}};
}

asio::awaitable<void> ContainerActor::resize(int rows, int columns) {
    const auto self = shared_from_this();
    const Json request{{"op", "resize"}, {"rows", rows}, {"columns", columns}};
    co_await ask_monitor(request);
    publish("resize", {{"height", std::to_string(rows)}, {"width", std::to_string(columns)}});
}

asio::awaitable<runtime::Message> ContainerActor::ask_monitor(Json body, std::vector<int> fds) {
    const auto monitor = monitor_;  // stays, even if it is given up meanwhile
    if (!running() || !monitor) fail(Kind::conflict, "container {} is not running", view_.name);
    co_return co_await monitor->request(std::move(body), std::move(fds));
}

}  // namespace hoist::orchestrator
