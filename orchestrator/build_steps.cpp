// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/build_steps.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <future>

#include "base/error.h"
#include "orchestrator/blocking.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/create.h"
#include "orchestrator/engine_state.h"

namespace hoist::orchestrator {
namespace {

using builder::RunEnd;
using builder::RunStep;

constexpr std::chrono::seconds patience{10};

MountSpec mount_of(const RunStep::Mount& mount) {
    MountSpec made;
    made.type = mount.type == RunStep::Mount::Type::tmpfs ? MountSpec::Type::tmpfs : MountSpec::Type::bind;
    made.source = mount.source;
    made.target = mount.target;
    made.read_only = mount.read_only;
    made.tmpfs_size = mount.size;
    return made;
}

ContainerSpec spec_of(const RunStep& step) {
    ContainerSpec spec;
    spec.of_build = true;
    spec.image = "build";
    spec.entrypoint.emplace();
    spec.command = step.arguments;
    spec.environment = step.environment;
    spec.unrecorded_environment = step.unrecorded;
    spec.user = step.user;
    spec.working_dir = step.working_dir;
    spec.network_mode = step.network;
    spec.extra_hosts = step.extra_hosts;
    spec.shm_size = step.shm_size;
    spec.log_driver = "none";  // the build's client has the output
    for (const auto& limit : step.ulimits) spec.resources.ulimits.push_back({limit.name, limit.soft, limit.hard});
    for (const auto& mount : step.mounts) {
        if (mount.type == RunStep::Mount::Type::file) {
            FileSpec file{.source_file = mount.source, .target = mount.target};
            file.mode = mount.mode, file.uid = mount.uid, file.gid = mount.gid;
            spec.files.push_back(std::move(file));
        } else {
            spec.mounts.push_back(mount_of(mount));
        }
    }
    return spec;
}

/// One step between the two threads.
struct Flight {
    std::promise<RunEnd> end;
    std::atomic<bool> stopped = false;
    ContainerId id;  ///< the engine's thread alone
};

void keep_upper(const storage::Layout& layout, const ContainerId& id, const std::string& to) {
    const auto from = layout.container(id) + "/upper";
    check(::rename(from.c_str(), to.c_str()), "keep what the step has written");
}

asio::awaitable<RunEnd> run_container(Engine::State& engine, std::shared_ptr<ContainerActor> actor, RunStep step,
                                      Fd output, std::shared_ptr<Flight> flight) {
    const AttachSpec both{};
    co_await actor->attach(std::move(output), both);
    RunEnd end;
    if (flight->stopped) fail(Kind::unavailable, "the build was stopped");
    co_await actor->start();
    const auto exit = co_await actor->wait(WaitFor::not_running);
    end.code = exit.code;
    end.error = exit.error;
    if (exit.oom_killed) end.error = "it used more memory than there is";
    if (end.code == 0 && end.error.empty()) {
        auto job = [layout = engine.layout, id = actor->view().id, to = step.upper] { keep_upper(layout, id, to); };
        co_await on_pool(engine.pool, std::move(job));
    }
    co_return end;
}

asio::awaitable<void> fly(Engine::State& engine, RunStep step, Fd output, std::shared_ptr<Flight> flight) {
    std::exception_ptr failure;
    RunEnd end;
    std::shared_ptr<ContainerActor> actor;
    try {
        auto spec = spec_of(step);
        ImageFacts facts;
        facts.lower = step.layers;
        flight->id = co_await create_build_container(engine, std::move(spec), std::move(facts));
        actor = engine.actor(flight->id);
        end = co_await run_container(engine, actor, std::move(step), std::move(output), flight);
    } catch (...) {
        failure = std::current_exception();
    }
    try {
        if (actor) co_await actor->remove(true, true);
    } catch (...) {
        if (!failure) failure = std::current_exception();
    }
    if (failure)
        flight->end.set_exception(failure);
    else
        flight->end.set_value(end);
}

/// Takes Docker's frames apart as they come.
class FrameReader {
public:
    explicit FrameReader(const std::function<void(std::string_view)>& output) : output_(output) {}
    void feed(std::string_view bytes) {
        while (!bytes.empty()) {
            if (left_ == 0) {
                const auto part = bytes.substr(0, 8 - header_.size());
                header_ += part;
                bytes.remove_prefix(part.size());
                if (header_.size() < 8) return;
                for (std::size_t i = 4; i < 8; ++i) left_ = left_ << 8 | static_cast<unsigned char>(header_[i]);
                header_.clear();
                continue;
            }
            const auto part = bytes.substr(0, left_);
            output_(part);
            left_ -= part.size();
            bytes.remove_prefix(part.size());
        }
    }

private:
    const std::function<void(std::string_view)>& output_;
    std::string header_;
    std::size_t left_ = 0;
};

/// Reads what the step writes until it has ended and its output has, too; the latter waits for `patience` at most.
void read_output(const Fd& socket, const std::future<RunEnd>& end, const std::function<void(std::string_view)>& output,
                 const std::stop_token& stop) {
    FrameReader reader(output);
    std::array<char, 32768> part{};
    std::optional<std::chrono::steady_clock::time_point> ended;
    bool open = true;
    for (;;) {
        const bool done = end.wait_for(std::chrono::milliseconds(open ? 0 : 50)) == std::future_status::ready;
        const auto moment = std::chrono::steady_clock::now();
        if ((done || stop.stop_requested()) && !ended) ended = moment;
        if (done && !open) return;
        if (ended && moment - *ended > patience) return;
        if (!open) continue;
        pollfd ready{socket.get(), POLLIN, 0};
        if (::poll(&ready, 1, 50) <= 0) continue;
        const auto size = ::read(socket.get(), part.data(), part.size());
        if (size > 0)
            reader.feed({part.data(), static_cast<std::size_t>(size)});
        else
            open = size < 0 && errno == EINTR;
    }
}

}  // namespace

RunEnd BuildSteps::run(const RunStep& step, const std::function<void(std::string_view)>& output, std::stop_token stop) {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "make a socket for the step's output");
    const Fd ours(ends[0]);
    const auto theirs = std::make_shared<Fd>(ends[1]);
    const auto flight = std::make_shared<Flight>();
    auto end = flight->end.get_future();
    auto& engine = engine_;
    asio::post(engine.context, [&engine, step, theirs, flight] {
        try {
            engine.tasks.spawn(fly(engine, step, std::move(*theirs), flight), "build step");
        } catch (...) {
            flight->end.set_exception(std::current_exception());  // the daemon ends
        }
    });
    const std::stop_callback killing(stop, [&engine, flight] {
        flight->stopped = true;
        asio::post(engine.context, [&engine, flight] {
            const auto it = engine.containers.find(flight->id);
            if (it != engine.containers.end()) engine.tasks.spawn(it->second->kill(SIGKILL), "build step");
        });
    });
    read_output(ours, end, output, stop);
    if (stop.stop_requested()) fail(Kind::unavailable, "the build was stopped");
    return end.get();
}

storage::Image BuildSteps::fetch_image(const std::string& reference, const std::string& platform,
                                       const std::function<void(std::string_view)>& progress, std::stop_token stop) {
    if (auto image = engine_.images.find(reference)) return std::move(*image);
    registry::PullRequest request;
    request.reference = reference;
    request.platform = platform;
    request.progress = [progress](const registry::Progress& step) {
        if (step.total == 0) progress((step.id.empty() ? "" : step.id + ": ") + step.status + "\n");
    };
    const auto cancel = std::make_shared<asio::cancellation_signal>();
    auto pulled = asio::co_spawn(engine_.context, engine_.registry.pull(std::move(request)),
                                 asio::bind_cancellation_slot(cancel->slot(), asio::use_future));
    while (pulled.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
        if (!stop.stop_requested()) continue;
        asio::post(engine_.context, [cancel] { cancel->emit(asio::cancellation_type::terminal); });
        // When the daemon ends, nobody is left to end the pull.
        pulled.wait_for(std::chrono::seconds(2));
        fail(Kind::unavailable, "the build was stopped while it pulled {}", reference);
    }
    try {
        pulled.get();
    } catch (Error& error) {
        throw error.during("no such image: {}", reference);
    }
    if (auto image = engine_.images.find(reference)) return std::move(*image);
    fail(Kind::not_found, "no such image: {}", reference);
}

}  // namespace hoist::orchestrator
