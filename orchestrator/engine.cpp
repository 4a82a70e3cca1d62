// SPDX-License-Identifier: Apache-2.0
// The engine's public face: each member finds the part that does the work.
#include "orchestrator/engine.h"

#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "orchestrator/audit.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"
#include "orchestrator/create.h"
#include "orchestrator/engine_state.h"
#include "orchestrator/exec.h"
#include "orchestrator/reconcile.h"
#include "storage/container_root.h"

namespace hoist::orchestrator {
namespace {

storage::Layout made(storage::Layout layout) {
    layout.make();
    return layout;
}

/// Keeps the container in memory for as long as something is done to it.
template <class T>
asio::awaitable<T> keeping(std::shared_ptr<ContainerActor>, asio::awaitable<T> work) {
    co_return co_await std::move(work);
}

int cores() {
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

Engine::State::State(asio::io_context& where, EngineConfig how)
    : context(where),
      config(std::move(how)),
      layout(made(storage::Layout(config.root, config.run))),
      pool(static_cast<std::size_t>(std::max(1, config.workers))),
      tasks(where.get_executor()),
      database(layout.database()),
      images(layout, database),
      registry(where, images, layout, config.registries),
      seccomp(layout.seccomp()),
      cgroups(runtime::CgroupLayout::detect()),
      starters(where.get_executor(), config.parallel_starts > 0 ? config.parallel_starts : cores()),
      secrets(layout.secrets(), "secret"),
      configs(layout.configs(), "config"),
      networks(*this),
      volumes(*this),
      trash(*this),
      builds(*this) {}

asio::awaitable<void> Engine::State::commit(std::function<void(storage::Transaction&)> work) {
    auto initiate = [this, work = std::move(work)](auto handler) mutable {
        auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
        const auto box = std::make_shared<decltype(handler)>(std::move(handler));
        database.submit(std::move(work), [box, guard](std::exception_ptr failure) {
            asio::post(guard.get_executor(), [box, failure]() mutable { std::move (*box)(failure); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(std::move(initiate),
                                                                                           asio::use_awaitable);
}

std::shared_ptr<ContainerActor> Engine::State::actor(const ContainerId& id) const {
    const auto it = containers.find(id);
    if (it == containers.end()) fail(Kind::not_found, "no such container: {}", id);
    return it->second;
}

std::string Engine::State::name_of(const ContainerId& id) const {
    const auto it = containers.find(id);
    return it == containers.end() ? id.shortened() : it->second->view().name;
}

void Trash::wake() {
    more_ = true;
    if (std::exchange(awake_, true)) return;
    engine_.tasks.spawn(empty(), "trash");
}

asio::awaitable<void> Trash::empty() {
    const std::shared_ptr<void> over(nullptr, [this](void*) { awake_ = false; });
    while (std::exchange(more_, false)) {
        asio::steady_timer timer(engine_.executor(), std::chrono::milliseconds(500));
        co_await timer.async_wait(asio::use_awaitable);
        auto job = [layout = engine_.layout] { storage::empty_trash(layout); };
        co_await on_pool(engine_.pool, std::move(job));
    }
}

Engine::Engine(asio::io_context& context, EngineConfig config)
    : state_(std::make_unique<State>(context, std::move(config))) {
    load(*state_);
}

Engine::~Engine() {
    shut_down();
    state_->pool.join();
    // Cancelled tasks end on the loop; they use what is destroyed next.
    state_->context.restart();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while ((!state_->tasks.empty() || !state_->builds.empty()) && std::chrono::steady_clock::now() < limit)
        if (state_->context.run_one_for(std::chrono::milliseconds(100)) == 0 && state_->context.stopped()) break;
}

asio::awaitable<void> Engine::reconcile() {
    return orchestrator::reconcile(*state_);
}
void Engine::shut_down() {
    state_->builds.stop();
    state_->tasks.cancel();
}
const EngineConfig& Engine::config() const {
    return state_->config;
}

asio::awaitable<ContainerId> Engine::create(ContainerSpec spec, std::string name) {
    return state_->tasks.run(create_container(*state_, std::move(spec), std::move(name)), "create");
}
asio::awaitable<void> Engine::start(ContainerId id) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->start()), state_->name_of(id));
}
asio::awaitable<void> Engine::stop(ContainerId id, std::optional<std::chrono::seconds> grace) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->stop(grace)), state_->name_of(id));
}
asio::awaitable<void> Engine::restart(ContainerId id, std::optional<std::chrono::seconds> grace) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->restart(grace)), state_->name_of(id));
}
asio::awaitable<void> Engine::kill(ContainerId id, int signal) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->kill(signal)), state_->name_of(id));
}
asio::awaitable<void> Engine::remove(ContainerId id, bool force, bool with_anonymous_volumes) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->remove(force, with_anonymous_volumes)), state_->name_of(id));
}
asio::awaitable<void> Engine::rename(ContainerId id, std::string name) {
    check_container_name(name);
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->rename(std::move(name))), state_->name_of(id));
}
asio::awaitable<void> Engine::set_paused(ContainerId id, bool paused) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->set_paused(paused)), state_->name_of(id));
}
asio::awaitable<void> Engine::update(ContainerId id, ContainerUpdate change) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->update(std::move(change))), state_->name_of(id));
}
asio::awaitable<void> Engine::replace_files(ContainerId id, std::vector<FileSpec> files) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->replace_files(std::move(files))), state_->name_of(id));
}
std::map<std::string, std::string> Engine::file_digests(const ContainerId& id) const {
    return state_->actor(id)->file_digests();
}
asio::awaitable<ContainerUsage> Engine::usage(ContainerId id) {
    const auto actor = state_->actor(id);
    return keeping(actor, actor->usage());
}
asio::awaitable<std::vector<runtime::ProcessFacts>> Engine::processes(ContainerId id) {
    const auto actor = state_->actor(id);
    return keeping(actor, actor->processes());
}
asio::awaitable<std::shared_ptr<RootAccess>> Engine::open_root(ContainerId id) {
    const auto actor = state_->actor(id);
    return keeping(actor, actor->open_root());
}
asio::awaitable<Exit> Engine::wait(ContainerId id, WaitFor condition) {
    const auto actor = state_->actor(id);
    return keeping(actor, actor->wait(condition));
}
asio::awaitable<void> Engine::wait_healthy(ContainerId id, Patience patience) {
    const auto actor = state_->actor(id);
    return keeping(actor, actor->wait_healthy(patience));
}

std::optional<ContainerId> Engine::find(const std::string& text) const {
    const auto name = text.starts_with("/") ? text.substr(1) : text;
    if (const auto it = state_->names.find(name); it != state_->names.end()) return it->second;
    if (name.empty()) return std::nullopt;
    const auto it = state_->containers.lower_bound(ContainerId(name));
    if (it == state_->containers.end() || !it->first.str().starts_with(name)) return std::nullopt;
    const auto next = std::next(it);
    const bool unique = next == state_->containers.end() || !next->first.str().starts_with(name);
    return unique ? std::optional(it->first) : std::nullopt;
}

ContainerId Engine::resolve(const std::string& name) const {
    const auto found = find(name);
    if (!found) fail(Kind::not_found, "no such container: {}", name);
    return *found;
}

ContainerView Engine::view(const ContainerId& id) const {
    return state_->actor(id)->view();
}

std::vector<ContainerView> Engine::list() const {
    std::vector<ContainerView> views;
    for (const auto& [id, actor] : state_->containers) views.push_back(actor->view());
    return views;
}

asio::awaitable<void> Engine::reset(ContainerId id, storage::Image image) {
    return state_->tasks.run(state_->actor(id)->reset(std::move(image)), "reset " + id.shortened());
}

asio::awaitable<ExecId> Engine::create_exec(ContainerId id, ExecSpec spec) {
    return orchestrator::create_exec(*state_, std::move(id), std::move(spec));
}
asio::awaitable<ExecStreams> Engine::start_exec(ExecId id, TerminalSize terminal) {
    return state_->tasks.run(orchestrator::start_exec(*state_, id, terminal), "exec " + id.shortened());
}
asio::awaitable<void> Engine::attach(ContainerId id, Fd socket, AttachSpec what) {
    return state_->actor(id)->attach(std::move(socket), std::move(what));
}

asio::awaitable<void> Engine::resize(ContainerId id, int rows, int columns) {
    return state_->actor(id)->resize(rows, columns);
}

asio::awaitable<int> Engine::wait_exec(ExecId id) {
    return orchestrator::wait_exec(*state_, std::move(id));
}
ExecView Engine::view_exec(const ExecId& id) const {
    return exec_record(*state_, id)->view;
}
void Engine::resize_exec(const ExecId& id, int rows, int columns) {
    orchestrator::resize_exec(*state_, id, rows, columns);
}
void Engine::note_detached(const ExecId& id) {
    orchestrator::note_detached(*state_, id);
}

asio::awaitable<NetworkId> Engine::create_network(NetworkSpec spec) {
    const auto name = spec.name;
    return state_->tasks.run(state_->networks.create(std::move(spec)), "network " + name);
}
asio::awaitable<void> Engine::remove_network(std::string name) {
    return state_->tasks.run(state_->networks.remove(name), "network " + name);
}
asio::awaitable<void> Engine::connect(ContainerId id, EndpointSpec endpoint) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->connect(std::move(endpoint))), state_->name_of(id));
}
asio::awaitable<void> Engine::disconnect(ContainerId id, NetworkId network) {
    const auto actor = state_->actor(id);
    return state_->tasks.run(keeping(actor, actor->disconnect(std::move(network))), state_->name_of(id));
}
std::optional<NetworkView> Engine::find_network(const std::string& name) const {
    const auto* network = state_->networks.find(name);
    return network ? std::optional(view_of(*network)) : std::nullopt;
}
std::vector<NetworkView> Engine::networks() const {
    std::vector<NetworkView> views;
    for (const auto& [id, network] : state_->networks.all()) views.push_back(view_of(network));
    return views;
}
asio::awaitable<void> Engine::create_volume(VolumeSpec spec) {
    const auto name = spec.name;
    return state_->tasks.run(state_->volumes.create(std::move(spec)), "volume " + name);
}
asio::awaitable<void> Engine::remove_volume(std::string name) {
    return state_->tasks.run(state_->volumes.remove(name), "volume " + name);
}
std::optional<VolumeView> Engine::find_volume(const std::string& name) const {
    const auto* volume = state_->volumes.find(name);
    return volume ? std::optional(*volume) : std::nullopt;
}
std::vector<VolumeView> Engine::volumes() const {
    return state_->volumes.all();
}

asio::any_io_executor Engine::executor() {
    return state_->executor();
}
storage::KeptObjects& Engine::secrets() {
    return state_->secrets;
}
storage::KeptObjects& Engine::configs() {
    return state_->configs;
}
storage::ImageStore& Engine::images() {
    return state_->images;
}
registry::Client& Engine::registry() {
    return state_->registry;
}
storage::Database& Engine::database() {
    return state_->database;
}
const storage::Layout& Engine::layout() const {
    return state_->layout;
}
Builds& Engine::builds() {
    return state_->builds;
}
void Engine::wake_trash() {
    state_->trash.wake();
}
EventLog& Engine::events() {
    return state_->events;
}
asio::thread_pool& Engine::workers() {
    return state_->pool;
}
asio::awaitable<std::vector<AuditFinding>> Engine::audit() {
    return orchestrator::audit(*state_);
}

}  // namespace hoist::orchestrator
