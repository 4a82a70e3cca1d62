// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/hooks.h"

#include <fcntl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "orchestrator/captured_output.h"
#include "orchestrator/engine_hands.h"
#include "orchestrator/executor.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {
namespace {

using compose::Hook;

std::string command_line(const Hook& hook) {
    return hook.command ? join(*hook.command, " ") : "the image's command";
}

std::string told(const HookEnd& end) {
    const std::string output(trim(end.output));
    return fmt::format("exit {}{}{}", end.code, output.empty() ? "" : ": ", escape_for_terminal(output));
}

asio::awaitable<std::shared_ptr<asio::posix::stream_descriptor>> reader_of(Fd fd) {
    ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    const auto executor = co_await asio::this_coro::executor;
    co_return std::make_shared<asio::posix::stream_descriptor>(executor, fd.release());
}

/// The container of a pre_start hook: the service's, but for what runs in it and what only one of them can have.
ContainerSpec hook_container(const ContainerView& of, const Hook& hook) {
    ContainerSpec spec = of.spec;
    if (!hook.image.empty())
        spec.image = hook.image, spec.image_id.clear(), spec.command.reset(), spec.entrypoint.reset();
    if (hook.command) spec.entrypoint = std::vector<std::string>{}, spec.command = hook.command;
    if (!hook.user.empty()) spec.user = hook.user;
    if (!hook.working_dir.empty()) spec.working_dir = hook.working_dir;
    spec.privileged = spec.privileged || hook.privileged;
    for (const auto& [name, value] : hook.environment) spec.environment.push_back(value ? name + "=" + *value : name);
    spec.health = HealthSpec{.test = {"NONE"}};
    spec.restart = {};
    spec.ports.clear();
    spec.tty = spec.open_stdin = false;
    spec.labels[label::one_off] = "True";
    spec.labels[label::hook] = "pre_start";
    for (auto& endpoint : spec.endpoints)
        endpoint.aliases.clear(), endpoint.ipv4_address.clear(), endpoint.mac_address.clear();
    return spec;
}

asio::awaitable<void> run_one_before_start(Engine& engine, ContainerId of, Hook hook, std::size_t number) {
    const auto view = engine.view(of);
    const std::string name = fmt::format("{}-pre-start-{}", view.name, number + 1);
    if (const auto left = engine.find(name)) co_await engine.remove(*left, true, false);
    auto spec = hook_container(view, hook);
    const auto id = co_await engine.create(std::move(spec), name);
    std::string problem;
    try {
        co_await engine.start(id);
        const Exit exit = co_await engine.wait(id, WaitFor::not_running);
        if (exit.code != 0) problem = co_await failure_report(engine, id);
    } catch (const Error& error) {
        problem = fmt::format(": {}", error.what());
    }
    co_await engine.remove(id, true, false);
    if (!problem.empty())
        fail(Kind::conflict, "pre_start hook of {} ({}) failed{}", view.name, command_line(hook), problem);
}

}  // namespace

ExecSpec exec_spec(const Hook& hook) {
    ExecSpec spec;
    spec.command = hook.command.value_or(std::vector<std::string>{});
    for (const auto& [name, value] : hook.environment) spec.environment.push_back(value ? name + "=" + *value : name);
    spec.user = hook.user;
    spec.working_dir = hook.working_dir;
    spec.privileged = hook.privileged;
    return spec;
}

asio::awaitable<HookEnd> run_inside(Engine& engine, ContainerId id, ExecSpec spec) {
    const auto exec = co_await engine.create_exec(id, std::move(spec));
    auto streams = co_await engine.start_exec(exec);
    const auto output = std::make_shared<CapturedOutput>();
    const auto out = co_await reader_of(std::move(streams.out));
    const auto err = co_await reader_of(std::move(streams.err));
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, collect(out, output), asio::detached);
    asio::co_spawn(executor, collect(err, output), asio::detached);
    HookEnd end;
    end.code = co_await engine.wait_exec(exec);
    // What is in the pipes now is all: a child that keeps them open is not waited for.
    output->read_available(out->native_handle());
    output->read_available(err->native_handle());
    out->close(), err->close();
    end.output = output->text;
    co_return end;
}

asio::awaitable<void> run_post_start(Engine& engine, ContainerId id, std::vector<Hook> hooks) {
    for (const auto& hook : hooks) {
        auto spec = exec_spec(hook);
        const auto end = co_await run_inside(engine, id, std::move(spec));
        if (end.code != 0)
            fail(Kind::conflict, "post_start hook of {} ({}) failed: {}", engine.view(id).name, command_line(hook),
                 told(end));
    }
}

asio::awaitable<std::string> run_pre_stop(Engine& engine, ContainerId id, std::vector<Hook> hooks) {
    std::string problems;
    for (const auto& hook : hooks) {
        if (!engine.find(id.str()) || !is_running(observed_container(engine.view(id)))) break;
        try {
            auto spec = exec_spec(hook);
            const auto end = co_await run_inside(engine, id, std::move(spec));
            if (end.code != 0) problems += fmt::format(" (pre_stop hook {}: {})", command_line(hook), told(end));
        } catch (const Error& error) {
            problems += fmt::format(" (pre_stop hook {}: {})", command_line(hook), error.what());
        }
    }
    if (!problems.empty()) spdlog::warn("{}:{}", engine.view(id).name, problems);
    co_return problems;
}

asio::awaitable<void> run_pre_start(Engine& engine, ContainerId id, std::vector<Hook> hooks) {
    for (std::size_t i = 0; i < hooks.size(); ++i) co_await run_one_before_start(engine, id, hooks[i], i);
}

}  // namespace hoist::orchestrator
