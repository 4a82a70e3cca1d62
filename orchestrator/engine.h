#pragma once
// SPDX-License-Identifier: Apache-2.0
// The engine: containers, networks, volumes and images of one host. Lives on one thread (its io_context); every member
// is called there, and coroutines resume there.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "netmgr/address.h"
#include "orchestrator/container.h"
#include "orchestrator/events.h"
#include "registry/config.h"
#include "runtime/processes.h"
#include "runtime/usage.h"
#include "storage/image.h"
#include "storage/kept_objects.h"
#include "storage/layout.h"

namespace hoist::registry {
class Client;
}

namespace hoist::orchestrator {

namespace asio = boost::asio;
class RootAccess;

struct EngineConfig {
    std::string root = "/var/lib/hoist", run = "/run/hoist";
    std::string runtime_program;           ///< path of hoist-runtime
    std::string cgroup_parent = "/hoist";  ///< below each hierarchy
    std::vector<netmgr::Pool> address_pools = netmgr::default_pools();
    std::string resolv_conf = "/etc/resolv.conf";
    registry::Config registries;
    int workers = 4;
    int parallel_starts = 0;  ///< 0: one per core
};

struct NetworkSpec {
    std::string name, project, driver = "bridge", subnet, gateway, ip_range;
    bool internal = false;
    std::map<std::string, std::string> options, labels;
};
struct NetworkView {
    NetworkId id;
    NetworkSpec spec;  ///< subnet and gateway filled in
    std::string bridge;
    TimePoint created;
    std::vector<ContainerId> containers;
};
struct VolumeSpec {
    std::string name, project, driver = "local";
    std::map<std::string, std::string> options, labels;
};
struct VolumeView {
    VolumeSpec spec;
    std::string mountpoint;
    TimePoint created;
};

struct AttachSpec {
    bool input = false, out = true, err = true;
    std::string detach_keys;  ///< the bytes that let go of a terminal
};
struct ExecSpec {
    std::vector<std::string> command, environment;
    std::string user, working_dir;
    std::string detach_keys;  ///< as written
    TerminalSize terminal;    ///< of a tty, unless its start tells another
    bool tty = false, privileged = false, attach_stdin = false;
};
/// The daemon's ends of a running exec. With a tty, `out` is the pty's master (both ways) and the others are empty.
struct ExecStreams {
    Fd in, out, err;
};
struct ExecView {
    ExecId id;
    ContainerId container;
    ExecSpec spec;
    bool running = false;
    std::optional<int> exit_code;
    int pid = 0;
};

/// What to change of a container; absent fields stay as they are.
struct ContainerUpdate {
    ResourceSpec resources;
    std::optional<RestartSpec> restart;
};

/// What a container uses, at one moment.
struct ContainerUsage {
    TimePoint read;
    bool running = false;
    runtime::CgroupUsage cgroup;
    std::uint64_t machine_cpu = 0;                          ///< nanoseconds, of all processors together
    std::map<std::string, runtime::NetworkUsage> networks;  ///< none of a container in the host's network
};

class Builds;

enum class WaitFor { not_running, next_exit, removed };
/// How long to wait for health: until something fails, or through all that the restart policy answers.
enum class Patience { until_first_failure, while_restarted };

/// One disagreement between database and kernel (INV-1), found by audit().
struct AuditFinding {
    std::string object;   ///< "link hv-3f2a...", "cgroup ...", "lease 10.0.0.2"
    std::string problem;  ///< "no container owns it"
};

class Engine {
public:
    /// Opens the state; starts nothing yet. @throws Error
    Engine(asio::io_context& context, EngineConfig config);
    ~Engine();
    Engine(const Engine&) = delete;

    /// Compares database and kernel, repairs in both directions, adopts running monitors, applies exits that happened
    /// meanwhile. Restart policies act afterwards, but not on containers with the label com.docker.compose.project that
    /// were found dead: those stay Exited (or Restarting, without a timer) until Projects::bring_back starts them.
    asio::awaitable<void> reconcile();
    /// Lets go of everything without disturbing a container.
    void shut_down();
    const EngineConfig& config() const;

    // Containers. `name` is an id, a unique prefix of one, or a name. @throws Error(not_found) "no such container: x"
    asio::awaitable<ContainerId> create(ContainerSpec spec, std::string name);
    /// One that runs already is left alone; one that waits for its restart is started now.
    asio::awaitable<void> start(ContainerId id);
    /// Stop signal, then SIGKILL after `grace` (default: the container's own, 10 s). No restart follows.
    asio::awaitable<void> stop(ContainerId id, std::optional<std::chrono::seconds> grace);
    asio::awaitable<void> restart(ContainerId id, std::optional<std::chrono::seconds> grace);
    asio::awaitable<void> kill(ContainerId id, int signal);
    asio::awaitable<void> remove(ContainerId id, bool force, bool with_anonymous_volumes);
    asio::awaitable<void> rename(ContainerId id, std::string name);
    /// Freezes or thaws all its processes. @throws Error(conflict) if it does not run, or is so already
    asio::awaitable<void> set_paused(ContainerId id, bool paused);
    /// Changes limits, at once if it runs, and the restart policy; also for later starts.
    /// @throws Error that says which limit is refused and why; then nothing has changed
    asio::awaitable<void> update(ContainerId id, ContainerUpdate change);
    /// New content (or owner) for secrets and configs that it has already, found by their target; one that runs sees it
    /// at once.
    asio::awaitable<void> replace_files(ContainerId id, std::vector<FileSpec> files);
    /// Target -> SHA-256 (hex) of what the container was last given there.
    std::map<std::string, std::string> file_digests(const ContainerId& id) const;
    /// Gives a container that does not run the root of an image, as if it had been made of it: its own changes go. Its
    /// configuration, volumes and addresses stay. @throws Error(conflict) if it runs
    asio::awaitable<void> reset(ContainerId id, storage::Image image);
    asio::awaitable<Exit> wait(ContainerId id, WaitFor condition);
    /// Returns once the container is healthy by a probe of this daemon.
    /// @throws Error(conflict) once it is unhealthy, stopped, or has no check, as far as `patience` does not bear it
    asio::awaitable<void> wait_healthy(ContainerId id, Patience patience = Patience::until_first_failure);
    std::optional<ContainerId> find(const std::string& name) const;
    ContainerId resolve(const std::string& name) const;
    ContainerView view(const ContainerId& id) const;
    std::vector<ContainerView> list() const;

    /// Joins a stream socket to the container's streams: output from now on is written to it (raw with a terminal, else
    /// in Docker's frames), and what it sends goes to stdin. The monitor serves it without us. A container that does
    /// not run is joined at its next start. @throws Error(conflict) if it is paused
    asio::awaitable<void> attach(ContainerId id, Fd socket, AttachSpec what);
    /// The size of the container's own terminal.
    asio::awaitable<void> resize(ContainerId id, int rows, int columns);

    /// What it uses now; zeros for one that does not run. Measured when asked, never else.
    asio::awaitable<ContainerUsage> usage(ContainerId id);
    /// Its processes, by pid. @throws Error(conflict) if it does not run
    asio::awaitable<std::vector<runtime::ProcessFacts>> processes(ContainerId id);

    /// Its files, whether it runs or not, for as long as the result lives.
    asio::awaitable<std::shared_ptr<RootAccess>> open_root(ContainerId id);

    asio::awaitable<ExecId> create_exec(ContainerId id, ExecSpec spec);
    /// @param terminal  the client's, so that the command sees its size from its first instruction on
    asio::awaitable<ExecStreams> start_exec(ExecId id, TerminalSize terminal = {});
    asio::awaitable<int> wait_exec(ExecId id);
    ExecView view_exec(const ExecId& id) const;
    void resize_exec(const ExecId& id, int rows, int columns);
    /// A client has let go of an exec, which runs on.
    void note_detached(const ExecId& id);

    // Networks and volumes.
    asio::awaitable<NetworkId> create_network(NetworkSpec spec);
    asio::awaitable<void> remove_network(std::string name);
    /// Joins a network: at once if the container runs, and at each later start. @throws Error(denied) if it is on it
    asio::awaitable<void> connect(ContainerId id, EndpointSpec endpoint);
    /// @throws Error(denied) if it is not on it
    asio::awaitable<void> disconnect(ContainerId id, NetworkId network);
    std::optional<NetworkView> find_network(const std::string& name) const;
    std::vector<NetworkView> networks() const;
    asio::awaitable<void> create_volume(VolumeSpec spec);   ///< same name again: nothing happens
    asio::awaitable<void> remove_volume(std::string name);  ///< @throws Error(conflict) naming the users
    std::optional<VolumeView> find_volume(const std::string& name) const;
    std::vector<VolumeView> volumes() const;

    storage::ImageStore& images();
    /// Secrets and configs that are kept here, for `external: true`.
    storage::KeptObjects& secrets();
    storage::KeptObjects& configs();
    registry::Client& registry();
    storage::Database& database();
    const storage::Layout& layout() const;
    EventLog& events();
    Builds& builds();

    /// Where everything of the engine runs.
    asio::any_io_executor executor();

    /// Deletes in the background what was renamed into the trash.
    void wake_trash();

    /// For blocking work: see orchestrator/blocking.h.
    asio::thread_pool& workers();

    asio::awaitable<std::vector<AuditFinding>> audit();

    struct State;  ///< the parts, for the engine's own sources

private:
    std::unique_ptr<State> state_;
};

}  // namespace hoist::orchestrator
