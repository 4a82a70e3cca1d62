// SPDX-License-Identifier: Apache-2.0
// After the daemon's start: a container is what its monitor says, or what its exit record says, or gone.
#include <csignal>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"
#include "runtime/monitor_protocol.h"
#include "storage/container_root.h"

namespace hoist::orchestrator {
namespace {
constexpr std::chrono::seconds patience{5};

/// Whether a process has been killed or is exiting, though its end is not told yet: that can take many milliseconds
/// with much memory to give back. @see proc(5) /proc/pid/stat "flags", /proc/pid/status "SigPnd"
bool is_dying(int pid) {
    constexpr unsigned long exiting = 0x4;  // PF_EXITING of linux/sched.h
    const auto stat = read_file_if_exists(fmt::format("/proc/{}/stat", pid)).value_or("");
    const auto status = read_file_if_exists(fmt::format("/proc/{}/status", pid)).value_or("");
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos || status.empty()) return true;
    const auto fields = split(stat.substr(name_end + 1), ' ');  // "", state, ppid, pgrp, session, tty, tpgid, flags
    if (fields.size() < 8 || fields[1] == "Z" || fields[1] == "X") return true;
    if (std::strtoul(fields[7].c_str(), nullptr, 10) & exiting) return true;
    for (const char* key : {"\nSigPnd:\t", "\nShdPnd:\t"}) {
        const auto at = status.find(key);
        if (at == std::string::npos) continue;
        if (std::strtoull(status.c_str() + at + std::strlen(key), nullptr, 16) >> (SIGKILL - 1) & 1) return true;
    }
    return false;
}

}

asio::awaitable<void> ContainerActor::adopt() {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    if (co_await connect_to_monitor())
        co_await take_hello();
    else if (running())
        co_await take_absence();
    else if (!view_.ports.empty())
        view_.ports.clear();  // nothing is published any more
    if (!view_.endpoints.empty() && plugged_) engine_.networks.restore_ports(view_);
}

asio::awaitable<bool> ContainerActor::connect_to_monitor() {
    try {
        use_connection(runtime::connect_monitor(engine_.layout.container_run(view_.id)));
    } catch (const Error&) {
        co_return false;
    }
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!hello_ && monitor_ && monitor_->open() && std::chrono::steady_clock::now() < deadline)
        co_await changed_.wait(deadline);
    if (hello_ && monitor_) co_return true;
    if (monitor_) monitor_->close();
    monitor_.reset();
    co_return false;
}

void ContainerActor::take_kept(runtime::Message& hello) {
    const auto names = json_value(hello.body, "kept", std::vector<std::string>{});
    const auto first = hello.fds.size() - std::min(names.size(), hello.fds.size());
    netmgr::DnsSockets dns;
    for (std::size_t i = 0; i < names.size() && first + i < hello.fds.size(); ++i) {
        auto& fd = hello.fds[first + i];
        if (names[i] == "netns")
            netns_ = std::move(fd);
        else if (names[i] == "dns_udp")
            dns.udp = std::move(fd);
        else if (names[i] == "dns_tcp")
            dns.tcp = std::move(fd);
    }
    plugged_ = netns_ || view_.endpoints.empty();
    if (plugged_ && dns.udp && dns.tcp) engine_.networks.serve_names(view_, std::move(dns));
}

asio::awaitable<void> ContainerActor::take_hello() {
    auto hello = std::move(*std::exchange(hello_, std::nullopt));
    const auto state = json_value<std::string>(hello.body, "state", "");
    view_.monitor_pid = monitor_->peer();
    view_.log_lost_bytes = json_value<std::uint64_t>(hello.body, "log_lost", 0);
    const bool wanted = running() || std::holds_alternative<Restarting>(view_.state);
    if (state == "running" || wanted) take_kept(hello);
    if (state == "running") {
        const auto since = TimePoint(Nanoseconds(json_value<std::int64_t>(hello.body, "started_at", 0)));
        const auto pid = json_value(hello.body, "pid", 0);
        if (!hello.fds.empty()) process_ = std::make_shared<Fd>(std::move(hello.fds.front()));
        const auto health = view_.health;
        const auto* known = std::get_if<Running>(&view_.state);
        const bool paused = json_value(hello.body, "paused", false);
        const bool news = !known || known->paused != paused;
        const bool oom_killed = json_value(hello.body, "oom_killed", known && known->oom_killed);
        set_state(Running{pid, since, paused, oom_killed});
        if (news) co_await persist();
        // What depends on it must not be started on the strength of a process that is about to be gone.
        const bool gone = is_dying(pid) && co_await exits_within(patience);
        if (!gone) {
            co_await repeat_update();
            begin_health(health.status == Health::none ? Health::starting : health.status);
            view_.health.failing_streak = health.failing_streak;
            view_.health.recalled = true;
        }
    } else if (state == "exited" && running()) {
        const auto exit = hello.body.find("exit");
        const auto record = exit == hello.body.end() ? runtime::ExitRecord{} : runtime::exit_record_from_json(*exit);
        if (record.finished_at >= std::get<Running>(view_.state).since)
            co_await take_exit(record);
        else
            set_state(Restarting{{.code = record.code}, now()});  // known already; the next start was never sent
    } else if (state == "created" && running()) {
        set_state(Created{});  // the start was never sent
        co_await persist();
    }
    const bool again = std::holds_alternative<Restarting>(view_.state);
    if (!running() && !again) co_await settle();
}

asio::awaitable<void> ContainerActor::take_absence() {
    const auto& up = std::get<Running>(view_.state);
    auto record = runtime::read_exit_record(engine_.layout.container(view_.id));
    if (!record || record->finished_at < up.since) {
        record.emplace();
        record->code = 137;
        record->started_at = up.since;
        record->finished_at = now();
        record->error = "its monitor has ended too, so the exit code is not known";
    }
    co_await clear_processes();
    co_await take_exit(*record);
}

void ContainerActor::start_with_daemon() {
    if (running() || std::holds_alternative<Removing>(view_.state)) return;
    const bool in_project = !project_of(view_.spec).empty();
    if (in_project) {  // Projects::bring_back starts it, in order
        if (const auto* restarting = std::get_if<Restarting>(&view_.state)) {
            set_state(Exited{restarting->last});
            ended_ = true;
            run(settle_queued());
        }
        return;
    }
    if (!wants_start_with_daemon(view_.spec.restart, view_.state, view_.stopped_by_user)) return;
    const auto last = last_exit().value_or(Exit{});
    set_state(Restarting{last, now()});
    schedule_restart(std::chrono::nanoseconds(0));
}

}  // namespace hoist::orchestrator
