// SPDX-License-Identifier: Apache-2.0
// Health checks: probes in the container, their verdict, and the restart of what stays unhealthy.
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <csignal>

#include "base/error.h"
#include "base/log.h"
#include "orchestrator/captured_output.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/native_probe.h"
#include "orchestrator/oci_spec.h"
#include "orchestrator/service_spec.h"

namespace hoist::orchestrator {
namespace {

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1UL << 2)
#endif

/// Ends a probe with what it started in its process group (Linux 6.9; before, the probe alone).
void kill_group(const Fd& pidfd) {
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, PIDFD_SIGNAL_PROCESS_GROUP) == 0) return;
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

}  // namespace

void ContainerActor::begin_health(Health status) {
    auto spec = effective_health(view_.spec, image_.config);
    view_.health = {};
    if (!has_test(spec)) return;
    view_.health.status = status;
    run(watch_health(++health_generation_, std::move(spec)));
}

/// A run's health ends with it: as in Docker, what does not run is not healthy.
void ContainerActor::end_health() {
    if (view_.health.status != Health::none) view_.health.status = Health::unhealthy;
    ++health_generation_;
    health_wake_.notify();
}

asio::awaitable<void> ContainerActor::watch_health(std::uint64_t generation, HealthSpec spec) {
    HealthVerdict verdict(spec, std::chrono::steady_clock::now());
    while (generation == health_generation_ && running()) {
        if (paused()) {
            co_await health_wake_.wait();
            continue;
        }
        const auto began = std::chrono::steady_clock::now();
        const auto pauses = pauses_;
        auto result = co_await probe(spec);
        if (pauses != pauses_) continue;  // it says nothing: the probe was frozen, too
        if (generation != health_generation_ || !running()) co_return;
        const auto at = std::chrono::steady_clock::now();
        const bool changed = verdict.feed(view_.health, std::move(result), at);
        if (view_.health.recalled && (changed || view_.health.failing_streak == 0)) {
            view_.health.recalled = false;
            changed_.notify();
        }
        if (changed) {
            const auto transition = co_await transitions_.acquire();
            if (generation != health_generation_ || !running()) co_return;
            co_await persist();
            publish(std::string("health_status: ") + to_string(view_.health.status));
            changed_.notify();
            if (view_.health.status == Health::unhealthy && view_.spec.restart_unhealthy) {
                run(restart_unhealthy());
                co_return;
            }
        }
        const auto next = std::chrono::steady_clock::now() + verdict.delay(view_.health, at - began, at);
        while (generation == health_generation_ && std::chrono::steady_clock::now() < next)
            co_await health_wake_.wait(std::chrono::time_point_cast<SteadyTime::duration>(next));
    }
}

asio::awaitable<ProbeResult> ContainerActor::probe(HealthSpec spec) {
    const bool native = spec.test.size() == 2 && spec.test.front() == probe_word;
    if (native) co_return co_await probe_natively(std::move(spec));
    ProbeResult result{.start = now(), .exit_code = -1};
    const auto limit = spec.timeout > Nanoseconds(0) ? spec.timeout : Nanoseconds(std::chrono::seconds(30));
    const auto output = std::make_shared<CapturedOutput>();
    try {
        auto process = base_process();
        process.terminal = false;
        process.args = probe_command(spec);
        auto pipe = make_pipe();
        const auto in = open_file("/dev/null", O_RDONLY);
        const auto out = pipe.write_end.get();
        const std::vector<int> streams{in.get(), out, out};
        const auto exec = co_await this->exec(to_json(process), streams);
        pipe.write_end.reset();
        ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
        const auto reader =
            std::make_shared<asio::posix::stream_descriptor>(engine_.executor(), pipe.read_end.release());
        const auto pidfd = exec->pid > 0 && !exec->code ? open_pidfd(exec->pid) : Fd();
        const auto collected = engine_.tasks.begin(collect(reader, output), view_.name);
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!exec->code && std::chrono::steady_clock::now() < deadline) co_await exec->ended.wait(deadline);
        if (exec->code) {
            result.exit_code = *exec->code;
        } else {
            if (pidfd) kill_group(pidfd);
            output->text = fmt::format("Health check exceeded timeout ({})", format_duration(limit));
        }
        // What it left in the pipe; a child of its that keeps the pipe open is not waited for.
        output->read_available(reader->native_handle());
        reader->close();
        co_await collected.settled();
    } catch (const Error& error) {
        output->text = error.message();
    }
    result.end = now();
    result.output = std::move(output->text);
    co_return result;
}

asio::awaitable<ProbeResult> ContainerActor::probe_natively(HealthSpec spec) {
    ProbeResult result{.start = now(), .exit_code = 1};
    const auto limit = spec.timeout > Nanoseconds(0) ? spec.timeout : Nanoseconds(std::chrono::seconds(30));
    const auto* up = std::get_if<Running>(&view_.state);
    try {
        const ProbeGround ground{.netns = netns_ ? std::make_shared<Fd>(netns_.duplicate()) : nullptr,
                                 .pid = up ? up->pid : 0,
                                 .container = view_,
                                 .seen_before = view_.health.status == Health::healthy};
        const auto wanted = compose::probe_from_text(spec.test[1]);
        auto answer = co_await run_native_probe(wanted, ground, engine_.pool, limit);
        result.exit_code = answer.good ? 0 : 1;
        result.output = std::move(answer.text);
    } catch (const Error& error) {
        result.output = error.message();
    }
    result.end = now();
    co_return result;
}

asio::awaitable<void> ContainerActor::restart_unhealthy() {
    const auto lock = co_await operations_.acquire();
    if (!running() || view_.health.status != Health::unhealthy) co_return;
    spdlog::warn("{}: unhealthy, is restarted", view_.name);
    unhealthy_ = true;  // the exit then counts as a failure
    co_await end_process(effective_stop_signal(view_.spec, image_.config), grace_of(std::nullopt));
}

}  // namespace hoist::orchestrator
