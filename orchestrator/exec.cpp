// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/exec.h"

#include <sys/ioctl.h>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/oci_spec.h"

namespace hoist::orchestrator {
namespace {

constexpr std::size_t kept_execs = 512;

runtime::Process process_of(const ContainerActor& actor, const ExecSpec& spec) {
    auto process = actor.base_process();
    process.terminal = spec.tty;
    process.console_rows = spec.terminal.rows;
    process.console_columns = spec.terminal.columns;
    process.args = spec.command;
    if (spec.tty) set_variable(process.env, "TERM=xterm");
    for (const auto& assignment : spec.environment) set_variable(process.env, assignment);
    if (!spec.working_dir.empty()) process.cwd = spec.working_dir;
    if (!spec.user.empty()) process.user.name = spec.user;
    if (spec.privileged) {
        const auto all = runtime::all_capabilities();
        process.capabilities = runtime::Capabilities{.bounding = all, .effective = all, .permitted = all};
    }
    return process;
}

void publish(Engine::State& engine, const ExecRecord& record, const std::string& action,
             Attributes more = {}) {
    const auto it = engine.containers.find(record.view.container);
    if (it == engine.containers.end()) return;
    more["execID"] = record.view.id.str();
    it->second->publish(action, std::move(more));
}

/// Waits for the end and keeps the code.
asio::awaitable<void> follow(Engine::State& engine, std::shared_ptr<ExecRecord> record) {
    const auto process = record->process;
    while (!process->code) co_await process->ended.wait();
    record->view.running = false;
    record->view.exit_code = *process->code;
    process->terminal.reset();
    publish(engine, *record, "exec_die", {{"exitCode", std::to_string(*process->code)}});
    record->changed.notify();
}

/// Ended execs stay for a while, for clients that ask for the code; not for ever.
void drop_old(Engine::State& engine) {
    if (engine.execs.size() < kept_execs) return;
    std::erase_if(engine.execs, [](const auto& entry) { return entry.second->view.exit_code.has_value(); });
}

}  // namespace

std::shared_ptr<ExecRecord> exec_record(const Engine::State& engine, const ExecId& id) {
    const auto it = engine.execs.find(id);
    if (it == engine.execs.end()) fail(Kind::not_found, "no such exec: {}", id);
    return it->second;
}

asio::awaitable<ExecId> create_exec(Engine::State& engine, ContainerId container, ExecSpec spec) {
    const auto actor = engine.actor(container);
    if (!std::holds_alternative<Running>(actor->view().state))
        fail(Kind::conflict, "container {} is not running", actor->view().name);
    if (std::get<Running>(actor->view().state).paused)
        fail(Kind::conflict, "container {} is paused: unpause it before exec", actor->view().name);
    if (spec.command.empty()) fail(Kind::invalid, "exec in {}: no command given", actor->view().name);
    drop_old(engine);
    const auto record = std::make_shared<ExecRecord>(engine.executor());
    record->view.id = ExecId::random();
    record->view.container = container;
    record->view.spec = std::move(spec);
    engine.execs.emplace(record->view.id, record);
    publish(engine, *record, "exec_create: " + join(record->view.spec.command, " "));
    co_return record->view.id;
}

asio::awaitable<ExecStreams> start_exec(Engine::State& engine, ExecId id, TerminalSize terminal) {
    const auto record = exec_record(engine, id);
    if (record->view.running || record->view.exit_code)
        fail(Kind::conflict, "exec {} has been started already", id.shortened());
    const auto actor = engine.actor(record->view.container);
    if (terminal.rows > 0) record->view.spec.terminal = terminal;
    const auto& spec = record->view.spec;
    record->view.running = true;
    ExecStreams streams;
    try {
        const auto process = to_json(process_of(*actor, spec));
        if (spec.tty) {
            record->process = co_await actor->exec(process, {});
            streams.out = record->process->terminal.duplicate();
        } else {
            auto in = make_pipe(), out = make_pipe(), err = make_pipe();
            if (!spec.attach_stdin) in.read_end = open_file("/dev/null", O_RDONLY), in.write_end.reset();
            const std::vector<int> fds{in.read_end.get(), out.write_end.get(), err.write_end.get()};
            record->process = co_await actor->exec(process, fds);
            streams = {std::move(in.write_end), std::move(out.read_end), std::move(err.read_end)};
        }
    } catch (const Error& error) {
        record->view.running = false;
        const bool denied = error.message().find("ermission denied") != std::string::npos;
        record->view.exit_code = denied ? 126 : 127;
        record->changed.notify();
        throw;
    }
    record->view.pid = record->process->pid;
    publish(engine, *record, "exec_start: " + join(spec.command, " "));
    engine.tasks.spawn(follow(engine, record), actor->view().name);
    co_return streams;
}

asio::awaitable<int> wait_exec(Engine::State& engine, ExecId id) {
    const auto record = exec_record(engine, id);
    while (!record->view.exit_code) co_await record->changed.wait();
    co_return *record->view.exit_code;
}

void resize_exec(Engine::State& engine, const ExecId& id, int rows, int columns) {
    const auto record = exec_record(engine, id);
    if (!record->process || !record->process->terminal) fail(Kind::conflict, "exec {} has no terminal", id.shortened());
    const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    check(::ioctl(record->process->terminal.get(), TIOCSWINSZ, &size), "resize the terminal of exec {}",
          id.shortened());
}

void note_detached(Engine::State& engine, const ExecId& id) {
    publish(engine, *exec_record(engine, id), "exec_detach");
}

// The container's side.

runtime::Process ContainerActor::base_process() const {
    return oci_process(view_.spec, image_.config, view_.id);
}

asio::awaitable<std::shared_ptr<RunningExec>> ContainerActor::exec(Json process, std::vector<int> fds) {
    const auto self = shared_from_this();
    const auto id = random_hex_id();
    const auto running = std::make_shared<RunningExec>(engine_.executor());
    execs_.emplace(id, running);  // before the request: the end may be told right after the answer
    try {
        const Json request{{"op", "exec"}, {"exec", id}, {"process", std::move(process)}};
        auto answer = co_await ask_monitor(request, std::move(fds));
        running->pid = json_value(answer.body, "pid", 0);
        if (!answer.fds.empty()) running->terminal = std::move(answer.fds.front());
    } catch (...) {
        execs_.erase(id);
        throw;
    }
    co_return running;
}

}  // namespace hoist::orchestrator
