// SPDX-License-Identifier: Apache-2.0
// What a daemon may ask of the monitor; one function per operation of monitor_protocol.h.
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "runtime/monitor/oom_watch.h"
#include "runtime/monitor/owner.h"
#include "runtime/monitor/process_setup.h"

namespace hoist::runtime {
namespace {

constexpr std::chrono::seconds limit_of_quit(10);

Json error_json(const Error& error) {
    return {{"kind", to_string(error.kind())}, {"message", error.message()}};
}

}  // namespace

void Owner::on_message(Connection& connection, Message message) {
    const Json number = message.body.value("seq", Json());
    Answer reply;
    try {
        const auto operation = json_value(message.body, "op", std::string());
        if (operation == "quit") return quit(connection, message.body);
        reply = answer(operation, message);
    } catch (const Error& error) {
        reply.body["error"] = error_json(error);
    } catch (const std::exception& error) {
        reply.body["error"] = error_json(Error(Kind::internal, error.what()));
    }
    reply.body["seq"] = number;
    connection.send(reply.body, reply.fds);
    trim_memory();
}

Owner::Answer Owner::answer(const std::string& operation, Message& message) {
    if (operation == "start") return start();
    if (operation == "signal") return signal(message.body);
    if (operation == "exec") return exec(message);
    if (operation == "resize") return resize(message.body);
    if (operation == "attach") return attach(message);
    if (operation == "pause") return set_paused(true);
    if (operation == "unpause") return set_paused(false);
    if (operation == "update") return update(message.body);
    if (operation == "keep") return keep(message);
    if (operation == "drop") return drop(message.body);
    fail(Kind::invalid, "the monitor knows no operation \"{}\"", operation);
}

ContainerRun& Owner::running() {
    if (!run_) fail(Kind::conflict, "the container is not running");
    return *run_;
}

Owner::Answer Owner::start() {
    if (run_) fail(Kind::conflict, "the container is running already");
    if (quit_number_) fail(Kind::conflict, "the monitor is about to end");
    MonitorSpec spec = read_monitor_spec(run_directory_);
    state_directory_ = spec.state_directory;
    const Fd* network = nullptr;
    for (const auto& [name, fd] : kept_)
        if (name == "netns") network = &fd;
    const TimePoint began = now();
    fail_point("monitor-start");
    try {
        adopt(begin_run(std::move(spec), ++runs_, network, io_));
    } catch (const Error& error) {
        const int code = exit_code_of_failed_start(error.message());
        record_exit({.run = runs_, .code = code, .started_at = began, .finished_at = now(), .error = error.message()},
                    state_directory_);
        throw;
    }
    fail_point("monitor-started");
    return {.body = {{"pid", run_->pid}, {"started_at", run_->started_at.time_since_epoch().count()}},
            .fds = {run_->pidfd.get()}};
}

Owner::Answer Owner::signal(const Json& request) {
    ContainerRun& run = running();
    const int number = json_value(request, "signal", 0);
    if (json_value(request, "all", false)) {
        run.cgroup.kill_all(number);
    } else {
        check(::syscall(SYS_pidfd_send_signal, run.pidfd.get(), number, nullptr, 0), "send signal {} to process 1",
              number);
    }
    if (number == SIGKILL && run.paused) set_paused(false);  // on v1 the frozen do not even die
    return {};
}

Owner::Answer Owner::exec(Message& message) {
    ContainerRun& run = running();
    // A process that joins a frozen cgroup never gets to its exec, and we would wait for that with it.
    if (run.paused || run.cgroup.frozen()) fail(Kind::conflict, "the container is paused: unpause it before exec");
    const auto id = json_value(message.body, "exec", std::string());
    if (id.empty() || execs_.contains(id)) fail(Kind::conflict, "exec id \"{}\" is empty or in use", id);
    ExecOptions options{
        .container_pid = run.pid, .container_pidfd = &run.pidfd, .seccomp = read_seccomp(run.seccomp_file)};
    options.process = process_from_json(message.body.value("process", Json::object()));
    options.cgroup_of_id = run.cgroups_path;
    if (!options.process.oom_score_adj) options.process.oom_score_adj = run.oom_score_adj;
    if (!options.process.terminal) {
        if (message.fds.size() != 3) fail(Kind::invalid, "exec wants 3 descriptors, not {}", message.fds.size());
        options.stdio = {std::move(message.fds[0]), std::move(message.fds[1]), std::move(message.fds[2])};
    }
    Executed executed = exec_in_container(std::move(options));
    Answer reply{.body = {{"pid", executed.pid}}};
    const auto& exec = execs_.emplace(id, Exec{executed.pid, std::move(executed.pidfd)}).first->second;
    loop_.watch(exec.pidfd, EPOLLIN, [this, id](std::uint32_t) { on_exec_exit(id); });
    if (executed.terminal) {
        reply.fds.push_back(executed.terminal.get());
        reply.owned.push_back(std::move(executed.terminal));
    }
    return reply;
}

Owner::Answer Owner::resize(const Json& request) {
    ContainerRun& run = running();
    if (!run.terminal) fail(Kind::conflict, "the container has no terminal");
    const winsize size{.ws_row = json_value<std::uint16_t>(request, "rows", 0),
                       .ws_col = json_value<std::uint16_t>(request, "columns", 0)};
    check(::ioctl(run.terminal.get(), TIOCSWINSZ, &size), "resize the terminal");
    return {};
}

Owner::Answer Owner::attach(Message& message) {
    if (message.fds.size() != 1) fail(Kind::invalid, "attach wants 1 descriptor, not {}", message.fds.size());
    if (state_directory_.empty()) state_directory_ = read_monitor_spec(run_directory_).state_directory;
    ContainerIo::Wishes wishes{.input = json_value(message.body, "stdin", false),
                               .out = json_value(message.body, "stdout", true),
                               .err = json_value(message.body, "stderr", true),
                               .detach_keys = json_value(message.body, "detach_keys", std::string()),
                               .on_detach = [this] {
                                   tell({{"event", "detach"}});
                               }};
    io_.attach(std::move(message.fds[0]), std::move(wishes), state_directory_);
    return {};
}

Owner::Answer Owner::set_paused(bool paused) {
    ContainerRun& run = running();
    if (paused) {
        run.cgroup.freeze();
    } else {
        run.cgroup.thaw();
    }
    run.paused = paused;
    return {};
}

Owner::Answer Owner::update(const Json& request) {
    ContainerRun& run = running();
    const Resources resources = resources_from_json(request.value("resources", Json::object()));
    run.cgroup.update(CgroupLayout::host(), resources);
    cgroup_ = run.cgroup;
    if (!resources.memory_limit || run.oom_watch) return {};
    run.oom_watch = open_oom_watch(run.cgroup);
    if (run.oom_watch) loop_.watch(run.oom_watch, EPOLLIN, [this](std::uint32_t) { on_oom(); });
    return {};
}

Owner::Answer Owner::keep(Message& message) {
    const auto names = json_value(message.body, "names", std::vector<std::string>());
    if (names.size() != message.fds.size())
        fail(Kind::invalid, "keep wants as many descriptors as names: {} names, {}", names.size(), message.fds.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found =
            std::find_if(kept_.begin(), kept_.end(), [&](const auto& one) { return one.first == names[i]; });
        if (found != kept_.end()) {
            found->second = std::move(message.fds[i]);
        } else {
            kept_.emplace_back(names[i], std::move(message.fds[i]));
        }
    }
    return {};
}

Owner::Answer Owner::drop(const Json& request) {
    for (const auto& name : json_value(request, "names", std::vector<std::string>()))
        std::erase_if(kept_, [&](const auto& one) { return one.first == name; });
    return {};
}

void Owner::kill_process_one() {
    ::syscall(SYS_pidfd_send_signal, run_->pidfd.get(), SIGKILL, nullptr, 0);
    try {
        if (run_->cgroup.frozen()) run_->cgroup.thaw();
    } catch (const Error&) {  // without a freezer nothing is frozen
    }
}

void Owner::quit(Connection& connection, const Json& request) {
    quitting_ = &connection;
    quit_number_ = request.value("seq", Json());
    if (!run_) return finish_quit();
    kill_process_one();
    loop_.alarm(limit_of_quit, [this] {
        const Error late(Kind::timeout, fmt::format("process 1 (pid {}) did not die within {} s of SIGKILL: the kernel "
                                                    "holds it, often for a file system that does not answer; the "
                                                    "monitor stays",
                                                    run_ ? run_->pid : 0, limit_of_quit.count()));
        if (quitting_) quitting_->send({{"seq", *quit_number_}, {"error", error_json(late)}});
        quit_number_.reset();
        quitting_ = nullptr;
    });
}

}  // namespace hoist::runtime
