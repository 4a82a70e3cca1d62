#pragma once
// SPDX-License-Identifier: Apache-2.0
// A Compose project, resolved: every default that belongs to the file is applied, every path absolute, every variable
// replaced. What the loader makes, `config` prints, and the daemon stores.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/units.h"

namespace hoist::compose {

struct Port {
    std::string host_ip;              ///< empty: all addresses
    std::uint16_t published = 0;      ///< 0: the engine chooses
    std::uint16_t published_end = 0;  ///< > published: any free one of the range
    std::uint16_t target = 0;
    std::string protocol = "tcp";
    std::string name, app_protocol, mode = "ingress";
    auto operator<=>(const Port&) const = default;
};

struct Mount {
    enum class Type { bind, volume, tmpfs };
    Type type = Type::volume;
    std::string source;  ///< bind: absolute path; volume: key in Project::volumes, empty: anonymous
    std::string target;
    bool read_only = false;
    std::string propagation;       ///< bind
    bool create_host_path = true;  ///< bind
    bool no_copy = false;          ///< volume
    std::string subpath;           ///< volume
    std::optional<Bytes> tmpfs_size;
    std::optional<std::uint32_t> tmpfs_mode;
    std::string tmpfs_options;  ///< further mount options of `tmpfs: - /run:uid=1,noexec`
    bool operator==(const Mount&) const = default;
};

struct ServiceNetwork {
    std::vector<std::string> aliases;
    std::string ipv4_address, mac_address, interface_name;
    int gw_priority = 0;
    bool operator==(const ServiceNetwork&) const = default;
};

struct Dependency {
    enum class Condition { started, healthy, completed };
    Condition condition = Condition::started;
    bool restart = false;
    bool required = true;
    bool operator==(const Dependency&) const = default;
};

/// Absent values mean: the image's, else the engine's default.
struct Healthcheck {
    bool disabled = false;
    std::vector<std::string> test;  ///< {"CMD", ...}, {"CMD-SHELL", "..."}; empty: the image's
    std::optional<Nanoseconds> interval, timeout, start_period, start_interval;
    std::optional<int> retries;
    bool operator==(const Healthcheck&) const = default;
};

/// A config or secret given to a service.
struct Grant {
    std::string source;  ///< key in Project::configs or secrets
    std::string target;  ///< absolute path in the container
    std::string uid, gid;
    std::optional<std::uint32_t> mode;  ///< default 0444
    bool operator==(const Grant&) const = default;
};

struct RestartPolicy {
    enum class Name { no, always, on_failure, unless_stopped };
    Name name = Name::no;
    int max_retries = 0;  ///< on-failure; 0: without end
    bool operator==(const RestartPolicy&) const = default;
};

enum class OnUnhealthy { restart, none };

struct Ulimit {
    std::int64_t soft = 0, hard = 0;  ///< -1: unlimited
    bool operator==(const Ulimit&) const = default;
};

struct Logging {
    std::string driver;
    std::map<std::string, std::string> options;
    bool operator==(const Logging&) const = default;
};

struct Service {
    std::string name;
    std::string image;
    bool has_build = false;  ///< `build:` was given; building comes with the builder
    Json build;              ///< as written, canonical long form

    std::optional<std::vector<std::string>> command;  ///< absent: the image's; empty: cleared
    std::optional<std::vector<std::string>> entrypoint;
    std::map<std::string, std::optional<std::string>> environment;  ///< nullopt: remove the variable
    std::map<std::string, std::string> labels, annotations, sysctls;
    std::string container_name, hostname, domainname, user, working_dir, stop_signal, platform, pull_policy, runtime;
    std::optional<Nanoseconds> stop_grace_period;
    bool init = false, tty = false, stdin_open = false, read_only = false, privileged = false, attach = true;

    std::vector<Port> ports;
    std::vector<std::string> expose;
    std::vector<Mount> mounts;
    std::vector<Grant> configs, secrets;
    std::vector<std::pair<std::string, ServiceNetwork>> networks;  ///< in the file's order
    std::string network_mode;  ///< "", "none", "host", "bridge", "service:x", "container:x"
    std::string ipc, pid, uts, cgroup, userns_mode, cgroup_parent;
    std::vector<std::string> dns, dns_search, dns_opt;
    std::vector<std::string> extra_hosts;  ///< "name=address"

    std::map<std::string, Dependency> depends_on;  ///< implicit edges (links, network_mode service:x, ...) included
    std::optional<Healthcheck> healthcheck;
    RestartPolicy restart;
    OnUnhealthy on_unhealthy = OnUnhealthy::none;  ///< by default: restart if healthcheck and restart are both there
    int scale = 1;
    std::vector<std::string> profiles;

    std::optional<Bytes> memory, memory_reservation, memory_swap, shm_size;
    std::optional<double> cpus;
    std::optional<std::int64_t> cpu_shares, cpu_quota, cpu_period, pids_limit;
    std::string cpuset;
    std::optional<int> oom_score_adj;
    std::map<std::string, Ulimit> ulimits;
    std::vector<std::string> cap_add, cap_drop, security_opt, group_add, devices, device_cgroup_rules;
    Logging logging;
    Json extensions;  ///< x-* keys
    bool operator==(const Service&) const = default;
};

struct Ipam {
    std::string subnet, ip_range, gateway;
    std::map<std::string, std::string> aux_addresses;
    bool operator==(const Ipam&) const = default;
};
struct Network {
    std::string key, name, driver;
    bool external = false, internal = false, enable_ipv6 = false, attachable = false;
    std::map<std::string, std::string> driver_opts, labels;
    std::vector<Ipam> ipam;
    bool operator==(const Network&) const = default;
};
struct Volume {
    std::string key, name, driver;
    bool external = false;
    std::map<std::string, std::string> driver_opts, labels;
    bool operator==(const Volume&) const = default;
};
/// A top-level config or secret: exactly one of file and content (from `content:` or `environment:`).
struct FileObject {
    std::string key, name;
    bool external = false;
    std::string file;  ///< absolute path
    std::optional<std::string> content;
    std::string environment;  ///< the variable that content came from; `config` prints its name, not the content
    bool operator==(const FileObject&) const = default;
};

struct Project {
    std::string name;
    std::string working_dir;
    std::vector<std::string> config_files;
    std::vector<std::string> environment_files;  ///< --env-file
    std::map<std::string, Service> services;
    std::map<std::string, Network> networks;
    std::map<std::string, Volume> volumes;
    std::map<std::string, FileObject> configs, secrets;
    bool operator==(const Project&) const = default;
};

/// The project as JSON for the wire and the database. project_from_json(to_json(p)) gives p back.
Json to_json(const Project& project);
/// @throws Error(invalid)
Project project_from_json(const Json& document);

/// SHA-256 (hex) of what decides whether a service's containers must be made anew: everything but build, pull_policy,
/// scale, depends_on and profiles. @see docker/compose pkg/compose/hash.go
std::string config_hash(const Service& service);

/// Services in an order in which each comes after what it depends on; names break ties. The loader has refused cycles.
std::vector<std::string> dependency_order(const Project& project);

}  // namespace hoist::compose
