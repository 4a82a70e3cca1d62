#pragma once
// SPDX-License-Identifier: Apache-2.0
// One container: its state machine, and all that is held for it while it is up. Operations on it are queued; exits are
// taken in at any time.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/engine_state.h"
#include "orchestrator/health_verdict.h"
#include "orchestrator/monitor_connection.h"
#include "orchestrator/restart_policy.h"

namespace hoist::orchestrator {

class RootAccess;
struct StartFacts;
struct StartInput;

/// What was read of the container's image when it was made or loaded.
struct ImageFacts {
    storage::ImageConfig config;
    std::vector<std::string> lower;
};

/// A process beside the container's own, until it ends.
struct RunningExec {
    explicit RunningExec(asio::any_io_executor executor) : ended(std::move(executor)) {}
    Signal ended;
    std::optional<int> code;
    int pid = 0;
    Fd terminal;
};

class ContainerActor : public std::enable_shared_from_this<ContainerActor> {
public:
    ContainerActor(Engine::State& engine, ContainerView view, ImageFacts image);

    const ContainerView& view() const { return view_; }
    const ImageFacts& image() const { return image_; }
    storage::ContainerRow row() const;

    // Operations, one after another in the order in which they came.
    asio::awaitable<void> start();
    asio::awaitable<void> stop(std::optional<std::chrono::seconds> grace);
    asio::awaitable<void> restart(std::optional<std::chrono::seconds> grace);
    asio::awaitable<void> remove(bool force, bool with_anonymous_volumes);
    asio::awaitable<void> rename(std::string name);
    asio::awaitable<void> set_paused(bool wanted);
    asio::awaitable<void> update(ContainerUpdate change);
    asio::awaitable<void> connect(EndpointSpec wanted);
    asio::awaitable<void> disconnect(NetworkId network);
    asio::awaitable<void> replace_files(std::vector<FileSpec> files);
    asio::awaitable<void> reset(storage::Image image);
    // At any time.
    asio::awaitable<void> kill(int signal);
    asio::awaitable<Exit> wait(WaitFor condition);
    asio::awaitable<void> wait_healthy(Patience patience);
    asio::awaitable<void> attach(Fd socket, AttachSpec what);
    asio::awaitable<void> resize(int rows, int columns);
    asio::awaitable<ContainerUsage> usage();
    asio::awaitable<std::vector<runtime::ProcessFacts>> processes();
    /// Its files. Waits for the operations before it if it does not run.
    asio::awaitable<std::shared_ptr<RootAccess>> open_root();

    std::map<std::string, std::string> file_digests() const;

    /// A request to the monitor. @throws Error(conflict) if the container is not running
    asio::awaitable<runtime::Message> ask_monitor(Json body, std::vector<int> fds = {});
    /// Runs a process in the container; its end is told through the result.
    asio::awaitable<std::shared_ptr<RunningExec>> exec(Json process, std::vector<int> fds);
    /// The container's own process configuration, from which those of execs are made.
    runtime::Process base_process() const;

    /// Tells an event of this container, with what is so of all of them.
    void publish(const std::string& action, Attributes more = {});

    /// After the daemon's start: finds the monitor, takes in what happened meanwhile.
    asio::awaitable<void> adopt();
    /// Starts it if its policy asks for that at the daemon's start.
    void start_with_daemon();

private:
    /// Runs `work` as a task that keeps this object alive.
    void run(asio::awaitable<void> work);
    static asio::awaitable<void> holding(std::shared_ptr<ContainerActor> self, asio::awaitable<void> work);
    // container_actor.cpp
    asio::awaitable<void> persist();
    void set_state(State state);
    bool running() const { return std::holds_alternative<Running>(view_.state); }
    std::optional<Exit> last_exit() const;
    std::chrono::seconds grace_of(std::optional<std::chrono::seconds> asked) const;
    asio::awaitable<void> end_process(int signal, std::chrono::seconds grace);
    void check_may_become_healthy(Patience patience) const;
    asio::awaitable<bool> exits_within(std::chrono::milliseconds limit);
    void cancel_restart() { ++restart_generation_; }
    asio::awaitable<void> start_locked();
    // container_pause.cpp
    bool paused() const;
    void note_paused(bool paused);
    asio::awaitable<void> thaw_after(int signal);
    // container_update.cpp
    asio::awaitable<void> apply_limits();
    asio::awaitable<void> repeat_update();
    // container_connect.cpp
    void check_may_join(const Network& network) const;
    asio::awaitable<void> take_namespace();
    asio::awaitable<void> follow_endpoints();
    asio::awaitable<void> store_endpoints(NetworkId network, std::optional<std::string> address);
    void publish_network(const std::string& action, const Network& network);
    // container_start.cpp
    asio::awaitable<void> launch();
    asio::awaitable<void> prepare_network();
    asio::awaitable<void> prepare_monitor();
    StartInput start_input() const;
    void share_namespaces(StartFacts& facts) const;
    asio::awaitable<void> join_clients();
    static Json attach_request(const AttachSpec& what);
    asio::awaitable<Fd> namespace_of(std::string container);
    asio::awaitable<void> keep_network();
    void use_connection(Fd socket);
    asio::awaitable<void> reap(Fd pidfd);
    asio::awaitable<void> store_failed_start(std::string error);
    // container_exit.cpp
    void take_event(runtime::Message message);
    void note_log_loss(std::uint64_t bytes);
    asio::awaitable<void> take_exit(runtime::ExitRecord record);
    asio::awaitable<void> lose_monitor();
    asio::awaitable<void> clear_processes();
    State state_after(const Exit& exit);
    void schedule_restart(std::chrono::nanoseconds delay);
    asio::awaitable<void> restart_later(std::uint64_t generation, std::chrono::nanoseconds delay);
    /// Ends the monitor and lets go of the network, when no restart follows.
    asio::awaitable<void> settle();
    asio::awaitable<void> settle_queued();
    asio::awaitable<void> auto_remove();
    // container_health.cpp
    void begin_health(Health status);
    void end_health();
    asio::awaitable<void> watch_health(std::uint64_t generation, HealthSpec spec);
    asio::awaitable<ProbeResult> probe(HealthSpec spec);
    asio::awaitable<ProbeResult> probe_natively(HealthSpec spec);
    asio::awaitable<void> restart_unhealthy();
    // container_adopt.cpp
    asio::awaitable<bool> connect_to_monitor();
    asio::awaitable<void> take_hello();
    asio::awaitable<void> take_absence();
    void take_kept(runtime::Message& hello);

    Engine::State& engine_;
    ContainerView view_;
    ImageFacts image_;
    std::string spec_text_;
    std::shared_ptr<const Attributes> attributes_;  ///< of its events

    Semaphore operations_;   ///< one operation at a time
    Semaphore transitions_;  ///< one change of state at a time, with its row and event
    Signal changed_;

    std::shared_ptr<MonitorConnection> monitor_;
    std::optional<runtime::Message> hello_;
    std::string written_spec_;     ///< what the monitor's spec.json says
    std::shared_ptr<Fd> process_;  ///< pidfd of process 1: tells whether its number is still its own
    Fd netns_;
    bool plugged_ = false;  ///< netns_ (if one is needed) and names are there
    std::optional<netmgr::DnsSockets> unkept_dns_;
    /// A client that attached before the start, as `docker run` does.
    struct WaitingClient {
        Fd socket;
        AttachSpec what;
    };
    std::vector<WaitingClient> clients_;

    bool stopping_ = false;   ///< an operation ends the process: no policy
    bool unhealthy_ = false;  ///< being stopped to be started again
    bool ended_ = false;      ///< the last run is over and none follows
    bool removed_ = false;
    Exit last_known_;  ///< the last exit, once the state is Removing
    std::uint64_t exits_ = 0, pauses_ = 0;
    std::uint64_t restart_generation_ = 0, health_generation_ = 0;
    BackOff back_off_;
    Signal health_wake_;
    std::map<std::string, std::shared_ptr<RunningExec>> execs_;
};

}  // namespace hoist::orchestrator
