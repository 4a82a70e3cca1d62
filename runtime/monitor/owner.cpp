// SPDX-License-Identifier: Apache-2.0
// The monitor's connections and the ends of what it owns; its answers to requests are in requests.cpp.
#include "runtime/monitor/owner.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "runtime/monitor/process_setup.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t most_connections = 16;
constexpr std::size_t most_untold_exits = 1000;

}  // namespace

Owner::Owner(std::string run_directory, Fd listening)
    : run_directory_(std::move(run_directory)), listening_(std::move(listening)) {
    loop_.watch(listening_, EPOLLIN, [this](std::uint32_t) { accept(); });
}

void Owner::accept() {
    Fd socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return;
    if (connections_.size() >= most_connections) connections_.pop_front();
    connect(std::move(socket));
}

void Owner::connect(Fd socket) {
    connections_.emplace_back(
        loop_, std::move(socket),
        Connection::Handlers{
            .message = [this](Connection& from, Message message) { on_message(from, std::move(message)); },
            .closed = [this](Connection& which) { forget(which); }});
    greet(connections_.back());
}

void Owner::forget(const Connection& connection) {
    if (&connection == quitting_) quitting_ = nullptr;
    connections_.remove_if([&](const Connection& other) { return &other == &connection; });
}

void Owner::greet(Connection& connection) {
    Json hello = {{"event", "hello"}, {"state", run_ ? "running" : runs_ > 0 ? "exited" : "created"}, {"runs", runs_}};
    std::vector<int> fds;
    if (run_) {
        hello["pid"] = run_->pid;
        hello["started_at"] = run_->started_at.time_since_epoch().count();
        hello["paused"] = run_->paused;
        hello["oom_killed"] = was_oom_killed(*run_);
        fds.push_back(run_->pidfd.get());
    }
    if (io_.lost_bytes() > 0) hello["log_lost"] = io_.lost_bytes();
    if (last_exit_ && !run_) hello["exit"] = to_json(*last_exit_);
    hello["kept"] = Json::array();
    for (const auto& [name, fd] : kept_) {
        hello["kept"].push_back(name);
        fds.push_back(fd.get());
    }
    hello["execs"] = Json::array();
    for (const auto& [id, exec] : execs_) hello["execs"].push_back({{"exec", id}, {"pid", exec.pid}});
    hello["exec_exits"] = untold_exec_exits_;
    if (connection.send(hello, fds)) untold_exec_exits_.clear();
}

/// @return false if nobody hears it
bool Owner::tell(const Json& event) {
    return !connections_.empty() && connections_.back().send(event);
}

void Owner::adopt(ContainerRun run) {
    run_.emplace(std::move(run));
    cgroup_ = run_->cgroup;
    oom_told_ = false;
    io_.begin(run_->terminal ? &run_->terminal : nullptr);
    loop_.watch(run_->pidfd, EPOLLIN, [this](std::uint32_t) { on_exit(); });
    if (run_->oom_watch) loop_.watch(run_->oom_watch, EPOLLIN, [this](std::uint32_t) { on_oom(); });
}

/// The record first, then the news: whoever hears of an exit finds it on the disk. (INV-3)
void Owner::on_exit() {
    loop_.unwatch(run_->pidfd);
    loop_.unwatch(run_->oom_watch);
    const ExitRecord record = end_run(*run_, io_);
    run_.reset();
    fail_point("monitor-exit");
    record_exit(record, state_directory_);
    fail_point("monitor-exit-recorded");
    Json event = to_json(record);
    event["event"] = "exit";
    if (record.oom_killed && !oom_told_) tell_oom();
    tell(event);
    if (quit_number_) finish_quit();
    trim_memory();
}

void Owner::record_exit(const ExitRecord& record, const std::string& state_directory) {
    last_exit_ = record;
    try {
        const Durable durable = connections_.empty() ? Durable::yes : Durable::no;
        write_file_atomic(state_directory + "/exit.json", to_json(record).dump(), 0600, durable);
    } catch (const Error&) {  // a full disk: "hello" and the event tell it as long as this process lives
    }
}

void Owner::on_exec_exit(const std::string& id) {
    const auto exec = execs_.find(id);
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(exec->second.pidfd.get()), &info, WEXITED | WNOHANG) != 0 ||
        info.si_pid == 0)
        return;
    loop_.unwatch(exec->second.pidfd);
    const int code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    const Json event = {{"event", "exec_exit"}, {"exec", id}, {"code", code}};
    if (!tell(event) && untold_exec_exits_.size() < most_untold_exits)
        untold_exec_exits_.push_back({{"exec", id}, {"code", code}});
    execs_.erase(exec);
}

void Owner::on_oom() {
    char events[4096];
    if (::read(run_->oom_watch.get(), events, sizeof(events)) < 0) return;
    try {
        // v1 announces the shortage before the kill is counted; v2 changes its file for lesser reasons, too.
        const std::uint64_t kills = run_->cgroup.oom_kills();
        if (run_->cgroup.mode() == CgroupMode::v2 && kills == run_->oom_kills_seen) return;
        run_->oom_kills_seen = kills;
        tell_oom();
    } catch (const Error&) {
        loop_.unwatch(run_->oom_watch);
    }
}

void Owner::tell_oom() {
    oom_told_ = true;
    tell({{"event", "oom"}});
}

void Owner::finish_quit() {
    Json body = {{"seq", *quit_number_}};
    try {
        if (!cgroup_.path().empty() && cgroup_.exists()) cgroup_.remove();
    } catch (const Error& error) {
        body["error"] = {{"kind", to_string(error.kind())}, {"message", error.message()}};
    }
    if (quitting_) quitting_->send(body);
    ::unlink((run_directory_ + "/monitor.sock").c_str());
    loop_.stop();
}

}  // namespace hoist::runtime
