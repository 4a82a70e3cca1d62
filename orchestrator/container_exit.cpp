// SPDX-License-Identifier: Apache-2.0
// What comes after the process: the record, the event, the restart, or the end of the monitor and the network.
#include <csignal>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"

namespace hoist::orchestrator {

asio::awaitable<void> ContainerActor::holding(std::shared_ptr<ContainerActor>, asio::awaitable<void> work) {
    co_await std::move(work);
}

void ContainerActor::run(asio::awaitable<void> work) {
    engine_.tasks.spawn(holding(shared_from_this(), std::move(work)), view_.name);
}

void ContainerActor::take_event(runtime::Message message) {
    const auto event = json_value<std::string>(message.body, "event", "");
    if (event == "hello") {
        hello_ = std::move(message);
        changed_.notify();
    } else if (event == "exit") {
        run(take_exit(runtime::exit_record_from_json(message.body)));
    } else if (event == "exec_exit") {
        const auto it = execs_.find(json_value<std::string>(message.body, "exec", ""));
        if (it == execs_.end()) return;
        it->second->code = json_value(message.body, "code", -1);
        it->second->ended.notify();
        execs_.erase(it);
    } else if (event == "oom") {
        if (auto* up = std::get_if<Running>(&view_.state)) up->oom_killed = true;
        publish("oom");
    } else if (event == "log_lost") {
        note_log_loss(json_value<std::uint64_t>(message.body, "bytes", 0));
    } else if (event == "detach") {
        publish("detach");
    }
}

void ContainerActor::note_log_loss(std::uint64_t bytes) {
    if (bytes == view_.log_lost_bytes) return;
    view_.log_lost_bytes = bytes;
    spdlog::warn("{}: its log (driver {}) could not be written: {} bytes are missing so far", view_.name,
                 view_.spec.log_driver, bytes);
    publish("log_lost", {{"bytes", std::to_string(bytes)}});
}

/// The state after an exit. Decides on the restart, and begins it.
State ContainerActor::state_after(const Exit& exit) {
    const auto ran = exit.finished_at - exit.started_at;
    const auto& policy = view_.spec.restart;
    if (policy.window && ran >= *policy.window) view_.restart_count = 0;
    const EndOfRun end{exit.code, ran, view_.stopped_by_user, unhealthy_};
    // At the daemon's start, the containers of projects wait for what they depend on: Projects::bring_back.
    const bool brought_back = engine_.reconciling && !project_of(view_.spec).empty();
    if (stopping_ || brought_back || !wants_restart(view_.spec.restart, end, view_.restart_count)) return Exited{exit};
    const Nanoseconds back_off = back_off_.take(ran);
    const Nanoseconds delay = policy.delay.value_or(back_off);
    ++view_.restart_count;
    schedule_restart(delay);
    return Restarting{exit, now() + delay};
}

asio::awaitable<void> ContainerActor::take_exit(runtime::ExitRecord record) {
    const auto self = shared_from_this();
    const auto transition = co_await transitions_.acquire();
    if (!running()) co_return;  // recorded already
    const Exit exit{record.code, record.oom_killed, record.started_at, record.finished_at, record.error};
    const auto before = view_.state;
    end_health();
    view_.state = state_after(exit);
    unhealthy_ = false;
    ended_ = std::holds_alternative<Exited>(view_.state);
    const auto row = this->row();
    auto after = std::exchange(view_.state, before);  // seen by others once it is stored
    fail_point("exit.store");
    if (ended_ && !stopping_) run(settle_queued());
    try {
        auto write = [row](storage::Transaction& transaction) { transaction.put(row); };
        co_await engine_.commit(std::move(write));
    } catch (const std::exception& error) {
        spdlog::error("{}: its exit with code {} could not be stored: {}", view_.name, exit.code, error.what());
    }
    ++exits_;
    process_.reset();
    for (auto& [id, exec] : execs_) exec->code = 137, exec->ended.notify();
    execs_.clear();
    view_.state = std::move(after);
    const auto ran = std::chrono::duration_cast<std::chrono::seconds>(exit.finished_at - exit.started_at).count();
    publish("die", {{"exitCode", std::to_string(exit.code)}, {"execDuration", std::to_string(ran)}});
    changed_.notify();
    if (ended_ && !stopping_ && view_.spec.auto_remove) run(auto_remove());
}

void ContainerActor::schedule_restart(std::chrono::nanoseconds delay) {
    run(restart_later(++restart_generation_, delay));
}

asio::awaitable<void> ContainerActor::restart_later(std::uint64_t generation, std::chrono::nanoseconds delay) {
    const auto self = shared_from_this();
    asio::steady_timer timer(engine_.executor(), delay);
    co_await timer.async_wait(asio::use_awaitable);
    const auto lock = co_await operations_.acquire();
    if (generation != restart_generation_ || !std::holds_alternative<Restarting>(view_.state)) co_return;
    std::optional<std::string> failure;
    try {
        co_await start_locked();
    } catch (const Error& error) {
        failure = error.message();
    }
    if (!failure) co_return;
    spdlog::warn("{}: restart: {}", view_.name, *failure);
    const auto last = last_exit();
    if (!last || !wants_restart(view_.spec.restart, {last->code}, view_.restart_count)) co_return;
    const auto next = back_off_.take(std::chrono::nanoseconds(0));
    ++view_.restart_count;
    set_state(Restarting{*last, now() + next});
    schedule_restart(next);
    co_await persist();
}

asio::awaitable<void> ContainerActor::settle_queued() {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    if (!removed_ && ended_) co_await settle();
}

asio::awaitable<void> ContainerActor::settle() {
    const auto self = shared_from_this();
    if (const auto monitor = std::exchange(monitor_, nullptr)) {
        try {
            const Json request{{"op", "quit"}};
            co_await monitor->request(request, {}, std::chrono::seconds(30));
        } catch (const Error& error) {
            if (monitor->open()) spdlog::warn("{}: end its monitor: {}", view_.name, error.what());
        }
        monitor->close();
    }
    view_.monitor_pid = 0;
    if (!std::exchange(plugged_, false)) co_return;
    netns_.reset();  // the interfaces go with it
    unkept_dns_.reset();
    engine_.networks.forget_names(view_.id);
    if (!std::exchange(view_.ports, {}).empty()) co_await engine_.networks.unpublish(view_.id);
}

asio::awaitable<void> ContainerActor::auto_remove() {
    co_await remove(false, true);
}

asio::awaitable<void> ContainerActor::lose_monitor() {
    const auto self = shared_from_this();
    if (!monitor_ || monitor_->open()) co_return;
    monitor_.reset();
    if (!running()) co_return;
    spdlog::warn("{}: its monitor has ended; the container is ended with it", view_.name);
    co_await take_absence();
}

/// Ends what the container's cgroups still hold, and removes them.
asio::awaitable<void> ContainerActor::clear_processes() {
    auto job = [layout = engine_.cgroups, path = engine_.cgroup_of(view_.id)] {
        const auto cgroup = runtime::Cgroup::open(layout, path);
        if (!cgroup.exists()) return;
        cgroup.kill_all(SIGKILL);
        cgroup.remove();
    };
    co_await on_pool(engine_.pool, std::move(job));
}

}  // namespace hoist::orchestrator
