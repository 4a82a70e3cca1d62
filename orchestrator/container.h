#pragma once
// SPDX-License-Identifier: Apache-2.0
// One container as the engine sees it: what was asked for, and the state it is in.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/units.h"

namespace hoist::orchestrator {

struct MountSpec {
    enum class Type { bind, volume, tmpfs };
    Type type = Type::volume;
    std::string source;  ///< bind: host path; volume: its name
    std::string target;
    bool read_only = false;
    bool create_host_path = false;  ///< bind
    bool no_copy = false;           ///< volume
    bool anonymous = false;         ///< volume: goes with the container on `rm -v`
    std::string propagation, subpath, tmpfs_options;
    std::optional<Bytes> tmpfs_size;
    std::optional<std::uint32_t> tmpfs_mode;
};

/// A file given to the container (secret or config), kept on tmpfs only, bind-mounted read-only.
struct FileSpec {
    std::string source_file;  ///< host path, read at each start; or
    std::optional<std::string> content;
    std::string target;
    std::uint32_t uid = 0, gid = 0, mode = 0444;
};

struct PortSpec {
    std::string host_ip;                             ///< empty: 0.0.0.0
    std::uint16_t host_port = 0, host_port_end = 0;  ///< 0: any free one
    std::uint16_t container_port = 0;
    std::string protocol = "tcp";
};

struct EndpointSpec {
    NetworkId network;
    std::vector<std::string> aliases;
    std::string ipv4_address;  ///< asked for; empty: leased
    std::string mac_address;
    int gw_priority = 0;
};

struct HealthSpec {
    std::vector<std::string> test;  ///< {"CMD", ...} or {"CMD-SHELL", "..."}; empty or {"NONE"}: none
    Nanoseconds interval{std::chrono::seconds(30)}, timeout{std::chrono::seconds(30)}, start_period{0},
        start_interval{std::chrono::seconds(5)};
    int retries = 3;
};

struct RestartSpec {
    enum class Name { no, always, on_failure, unless_stopped };
    Name name = Name::no;
    int max_retries = 0;
    std::optional<Nanoseconds> delay;   ///< before each restart, in place of the back-off
    std::optional<Nanoseconds> window;  ///< a run that lasts this long begins the count of restarts anew
};

/// In characters; 0: the kernel's own.
struct TerminalSize {
    std::uint16_t rows = 0, columns = 0;
};

struct UlimitSpec {
    std::string name;
    std::int64_t soft = 0, hard = 0;
};

struct ResourceSpec {
    std::optional<std::int64_t> memory, memory_reservation, memory_swap, nano_cpus, cpu_shares, cpu_quota, cpu_period,
        pids_limit, cpu_rt_period, cpu_rt_runtime, memory_swappiness, blkio_weight;
    std::string cpuset;
    std::optional<int> oom_score_adj;
    bool oom_kill_disable = false;
    std::vector<UlimitSpec> ulimits;
};

/// Everything a container is made from. Stored as JSON; fields map to Docker's Config and HostConfig.
struct ContainerSpec {
    std::string image;                                            ///< as the user wrote it
    std::string image_id;                                         ///< resolved when created
    std::optional<std::vector<std::string>> entrypoint, command;  ///< absent: the image's
    std::vector<std::string> environment;                         ///< "K=v"; "K" alone removes the image's
    std::vector<std::string> unrecorded_environment;  ///< as environment, but written nowhere: not for restarts
    bool of_build = false;                            ///< a step of an image's build: gone when the daemon starts
    std::map<std::string, std::string> labels, annotations;
    std::string user, working_dir, hostname, domainname, stop_signal;
    std::optional<std::chrono::seconds> stop_timeout;
    bool tty = false, open_stdin = false, stdin_once = false, init = false, read_only = false, privileged = false,
         auto_remove = false;
    std::optional<HealthSpec> health;  ///< absent: the image's
    TerminalSize terminal;  ///< at the start, of a container with a tty
    RestartSpec restart;
    bool restart_unhealthy = false;
    std::vector<MountSpec> mounts;
    std::vector<FileSpec> files;
    std::vector<PortSpec> ports;
    std::string network_mode = "bridge";  ///< "bridge" (endpoints below), "none", "host", "container:<id>"
    std::vector<EndpointSpec> endpoints;
    /// Other namespaces: "" (its own), "host", "container:<id>"; cgroup: "" or "host".
    std::string ipc_mode, pid_mode, uts_mode, cgroup_mode;
    std::vector<std::string> dns, dns_search, dns_options, extra_hosts;
    ResourceSpec resources;
    std::vector<std::string> cap_add, cap_drop, security_opt, group_add, devices, device_rules;
    std::map<std::string, std::string> sysctls;
    std::optional<Bytes> shm_size;
    std::string log_driver = "local";
    std::map<std::string, std::string> log_options;
};
Json to_json(const ContainerSpec& spec);
ContainerSpec container_spec_from_json(const Json& object);

struct Exit {
    int code = 0;
    bool oom_killed = false;
    TimePoint started_at, finished_at;
    std::string error;  ///< why it could not be started
};

// The states, with what is only true in each. @see docker's Status: created running paused restarting exited removing
struct Created {};
struct Running {
    int pid = 0;
    TimePoint since;
    bool paused = false;
    bool oom_killed = false;  ///< the kernel has killed a process of it for lack of memory
};
/// Waits for its back-off after an exit.
struct Restarting {
    Exit last;
    TimePoint at;
};
struct Exited {
    Exit last;
};
struct Removing {};
using State = std::variant<Created, Running, Restarting, Exited, Removing>;
/// "created", "running", "paused", "restarting", "exited", "removing"
const char* status_word(const State& state);

enum class Health { none, starting, healthy, unhealthy };
const char* to_string(Health health);

struct ProbeResult {
    TimePoint start, end;
    int exit_code = 0;
    std::string output;  ///< at most 4096 bytes
};
struct HealthState {
    Health status = Health::none;
    int failing_streak = 0;
    bool recalled = false;  ///< the status is from before the daemon's start, and no probe has confirmed it since
    std::vector<ProbeResult> log;  ///< the last five
};

/// An address that the container holds on a network while it exists.
struct EndpointState {
    NetworkId network;
    std::string network_name, address, gateway, mac;
    std::string interface_name;  ///< "eth0"
    int prefix = 0;
    std::vector<std::string> aliases;
};

struct PublishedPortState {
    std::string host_ip;
    std::uint16_t host_port = 0, container_port = 0;
    std::string protocol;
};

/// A snapshot of one container, for lists, inspect and the planner.
struct ContainerView {
    ContainerId id;
    std::string name;
    ContainerSpec spec;
    std::string image_reference;
    std::vector<std::string> argv;  ///< entrypoint and command as they will run
    TimePoint created;
    State state;
    HealthState health;
    int restart_count = 0;
    bool stopped_by_user = false;
    bool limits_pending = false;  ///< the kernel may not know the spec's limits yet
    std::vector<EndpointState> endpoints;
    std::vector<PublishedPortState> ports;
    int monitor_pid = 0;
    std::uint64_t log_lost_bytes = 0;  ///< output that the log has not got, as far as the monitor has told
    std::string log_directory;
};

}  // namespace hoist::orchestrator
