// SPDX-License-Identifier: Apache-2.0
// Starting: network, files and monitor are prepared side by side, then the monitor is told to start.
#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <set>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "base/text.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_files.h"
#include "orchestrator/oci_spec.h"
#include "runtime/monitor_protocol.h"

#include <sys/wait.h>

namespace hoist::orchestrator {
namespace {

TimePoint moment_of(const Json& body, const char* key) {
    return TimePoint(Nanoseconds(json_value<std::int64_t>(body, key, 0)));
}

/// Docker's exit codes for what could not be started.
int code_of_failure(const std::string& error) {
    if (error.find("not found") != std::string::npos || error.find("no such file") != std::string::npos) return 127;
    if (error.find("ermission denied") != std::string::npos) return 126;
    return 128;
}

bool has_bind_mounts(const ContainerSpec& spec) {
    const auto is_bind = [](const auto& mount) { return mount.type == MountSpec::Type::bind; };
    return std::any_of(spec.mounts.begin(), spec.mounts.end(), is_bind);
}

/// Directories of the host that containers write to, or did.
std::vector<std::string> directories_of_containers(const Engine::State& engine) {
    std::set<std::string> found;
    for (const auto& volume : engine.volumes.all()) found.insert(volume.mountpoint);
    for (const auto& [id, actor] : engine.containers)
        for (const auto& mount : actor->view().spec.mounts)
            if (mount.type == MountSpec::Type::bind && !mount.read_only) found.insert(mount.source);
    return {found.begin(), found.end()};
}

}  // namespace

asio::awaitable<void> ContainerActor::launch() {
    const auto transition = co_await transitions_.acquire();
    fail_point("start.begin");
    ended_ = false;
    const auto before = view_.state;
    // The row says "running" from before the start: whoever reads it after a crash looks for the monitor.
    view_.state = Running{0, now()};
    if (view_.health.status != Health::none) view_.health.status = Health::starting;
    const auto intent = row();
    view_.state = before;
    const auto stored = engine_.tasks.begin(
        engine_.commit([intent](storage::Transaction& transaction) { transaction.put(intent); }), view_.name);
    const auto network = engine_.tasks.begin(prepare_network(), view_.name);
    std::exception_ptr failure;
    try {
        co_await prepare_monitor();
    } catch (...) {
        failure = std::current_exception();
    }
    co_await network.settled();
    if (failure) co_await stored.settled();
    if (failure) std::rethrow_exception(failure);
    co_await network.get();
    co_await keep_network();
    co_await join_clients();
    fail_point("start.prepared");
    const Json request{{"op", "start"}};
    auto answer = co_await monitor_->request(request);
    const auto pid = json_value(answer.body, "pid", 0);
    if (!answer.fds.empty()) process_ = std::make_shared<Fd>(std::move(answer.fds.front()));
    co_await stored.get();
    set_state(Running{pid, moment_of(answer.body, "started_at")});
    publish("start");
    begin_health(Health::starting);
}

asio::awaitable<void> ContainerActor::join_clients() {
    auto clients = std::exchange(clients_, {});
    for (auto& client : clients) {
        co_await monitor_->request(attach_request(client.what), std::vector<int>(1, client.socket.get()));
    }
}

asio::awaitable<void> ContainerActor::prepare_network() {
    if (plugged_) co_return;
    if (const auto taken = engine_.networks.reclaim(view_); !taken.empty()) {
        auto write = [taken](storage::Transaction& transaction) {
            for (const auto& lease : taken) transaction.take(lease);
        };
        co_await engine_.commit(std::move(write));
    }
    const auto& mode = view_.spec.network_mode;
    if (mode.starts_with("container:")) netns_ = co_await namespace_of(mode.substr(10));
    if (view_.endpoints.empty()) {
        plugged_ = true;
        co_return;
    }
    if (view_.ports.empty() && !view_.spec.ports.empty())
        view_.ports = co_await engine_.networks.publish(view_.id, view_.spec.ports, view_.endpoints.front());
    auto setup = co_await engine_.networks.plug(view_.id, view_.endpoints, view_.spec.endpoints);
    netns_ = std::move(setup.netns);
    if (setup.dns) {
        unkept_dns_ = netmgr::DnsSockets{setup.dns->udp.duplicate(), setup.dns->tcp.duplicate()};
        engine_.networks.serve_names(view_, std::move(*setup.dns));
    }
    plugged_ = true;
}

asio::awaitable<Fd> ContainerActor::namespace_of(std::string container) {
    const auto it = engine_.containers.find(ContainerId(container));
    if (it == engine_.containers.end()) fail(Kind::not_found, "network of container {}: no such container", container);
    const auto& other = *it->second;
    const auto* up = std::get_if<Running>(&other.view_.state);
    if (!up && !other.netns_) fail(Kind::conflict, "network of container {}: it is not running", other.view_.name);
    if (other.netns_) co_return other.netns_.duplicate();
    co_return open_file(fmt::format("/proc/{}/ns/net", up->pid), O_RDONLY);
}

void ContainerActor::share_namespaces(StartFacts& facts) const {
    for (const auto& [name, mode] : {std::pair("ipc", &view_.spec.ipc_mode), std::pair("pid", &view_.spec.pid_mode),
                                     std::pair("uts", &view_.spec.uts_mode)}) {
        if (!mode->starts_with("container:")) continue;
        const auto it = engine_.containers.find(ContainerId(mode->substr(10)));
        if (it == engine_.containers.end())
            fail(Kind::not_found, "{} namespace of container {}: no such container", name, mode->substr(10));
        const auto* up = std::get_if<Running>(&it->second->view_.state);
        if (!up) fail(Kind::conflict, "{} namespace of container {}: it is not running", name, it->second->view_.name);
        facts.shared_with[name] = up->pid;
    }
}

StartInput ContainerActor::start_input() const {
    StartInput input{.view = view_,
                     .image = image_.config,
                     .lower = image_.lower,
                     .facts = {.id = view_.id, .cgroup_parent = engine_.config.cgroup_parent},
                     .host_resolv_conf = engine_.config.resolv_conf};
    for (const auto& mount : view_.spec.mounts)
        if (const auto* volume = engine_.volumes.find(mount.source); volume && mount.type == MountSpec::Type::volume)
            input.facts.volume_data[mount.source] = volume->mountpoint;
    if (has_bind_mounts(view_.spec)) input.shared_directories = directories_of_containers(engine_);
    return input;
}

asio::awaitable<void> ContainerActor::prepare_monitor() {
    struct Prepared {
        std::string spec;
        runtime::LaunchedMonitor monitor;
    };
    const bool fresh = !monitor_ || !monitor_->open();
    auto input = start_input();
    share_namespaces(input.facts);
    auto work = [input = std::move(input), layout = engine_.layout, &seccomp = engine_.seccomp, fresh,
                 program = engine_.config.runtime_program, before = fresh ? "" : written_spec_]() mutable {
        Prepared prepared;
        const auto run = layout.container_run(input.view.id);
        prepared.spec = write_container_files(std::move(input), layout, seccomp, before);
        if (fresh) prepared.monitor = runtime::launch_monitor(program, run);
        return prepared;
    };
    auto prepared = co_await on_pool(engine_.pool, std::move(work));
    written_spec_ = std::move(prepared.spec);
    if (!fresh) co_return;
    view_.monitor_pid = prepared.monitor.pid;
    engine_.tasks.spawn(reap(std::move(prepared.monitor.pidfd)), view_.name);
    use_connection(std::move(prepared.monitor.socket));
}

void ContainerActor::use_connection(Fd socket) {
    monitor_ = std::make_shared<MonitorConnection>(engine_.executor(), std::move(socket));
    monitor_->on_event = [self = weak_from_this()](runtime::Message message) {
        if (const auto actor = self.lock()) actor->take_event(std::move(message));
    };
    monitor_->on_closed = [self = weak_from_this()] {
        const auto actor = self.lock();
        if (actor) actor->run(actor->lose_monitor());
    };
    engine_.tasks.spawn(monitor_->read_all(), view_.name);
}

asio::awaitable<void> ContainerActor::reap(Fd pidfd) {
    asio::posix::stream_descriptor ended(engine_.executor(), pidfd.release());
    co_await ended.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(ended.native_handle()), &info, WEXITED | WNOHANG);
}

asio::awaitable<void> ContainerActor::keep_network() {
    std::vector<std::string> names;
    std::vector<int> fds;
    if (netns_) names.push_back("netns"), fds.push_back(netns_.get());
    if (unkept_dns_) {
        names.insert(names.end(), {"dns_udp", "dns_tcp"});
        fds.insert(fds.end(), {unkept_dns_->udp.get(), unkept_dns_->tcp.get()});
    }
    if (names.empty()) co_return;
    const Json request{{"op", "keep"}, {"names", names}};
    co_await monitor_->request(request, std::move(fds));
    unkept_dns_.reset();
}

asio::awaitable<void> ContainerActor::store_failed_start(std::string error) {
    const auto transition = co_await transitions_.acquire();
    Exit exit{.code = code_of_failure(error), .started_at = now(), .finished_at = now(), .error = std::move(error)};
    view_.state = Exited{std::move(exit)};
    ++exits_;
    co_await persist();
    changed_.notify();
}

}  // namespace hoist::orchestrator
