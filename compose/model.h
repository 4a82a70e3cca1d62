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
#include "compose/build.h"
#include "compose/lifecycle.h"
#include "compose/parts.h"

namespace hoist::compose {

struct Service {
    std::string name;
    std::string image;
    std::optional<Build> build;  ///< how to make the image

    std::optional<std::vector<std::string>> command;  ///< absent: the image's; empty: cleared
    std::optional<std::vector<std::string>> entrypoint;
    std::map<std::string, std::optional<std::string>> environment;  ///< nullopt: remove the variable
    std::map<std::string, std::string> labels, annotations, sysctls;
    std::string container_name, hostname, domainname, user, working_dir, stop_signal, platform, pull_policy, runtime,
        pull_refresh_after;
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
    std::vector<std::string> extra_hosts;     ///< "name=address"
    std::vector<std::string> external_links;  ///< "container[:alias]", of containers outside the project

    std::map<std::string, Dependency> depends_on;  ///< implicit edges (links, network_mode service:x, ...) included
    std::optional<Healthcheck> healthcheck;
    std::optional<Probe> probe;  ///< x-probe: in place of healthcheck.test
    std::vector<Hook> pre_start, post_start, pre_stop;
    std::optional<Schedule> schedule;   ///< x-schedule
    std::optional<OnChange> on_change;  ///< x-on-change: of configs and secrets that do not say so themselves
    std::vector<WatchRule> watch;       ///< develop.watch
    std::optional<UpdateConfig> update_config, rollback_config;
    RestartPolicy restart;
    OnUnhealthy on_unhealthy = OnUnhealthy::none;  ///< by default: restart if healthcheck and restart are both there
    int scale = 1;
    std::vector<std::string> profiles;

    std::optional<Bytes> memory, memory_reservation, memory_swap, shm_size;
    std::optional<double> cpus;
    std::optional<std::int64_t> cpu_shares, cpu_quota, cpu_period, cpu_rt_period, cpu_rt_runtime, pids_limit;
    std::string cpuset;
    std::optional<int> oom_score_adj, memory_swappiness;
    bool oom_kill_disable = false;
    BlockIo block_io;
    std::map<std::string, Ulimit> ulimits;
    std::vector<std::string> cap_add, cap_drop, security_opt, group_add, devices, device_cgroup_rules;
    Logging logging;
    std::map<std::string, std::string> deploy_labels, storage_opt;
    std::string deploy_mode, endpoint_mode;
    Json unapplied;   ///< what is valid, shown by `config`, and does nothing here: {"gpus": ..., "deploy": {...}}
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
    std::optional<bool> enable_ipv4;
    std::map<std::string, std::string> driver_opts, labels;
    std::vector<Ipam> ipam;
    std::string ipam_driver;
    std::map<std::string, std::string> ipam_options;
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
    std::map<std::string, std::string> labels, driver_opts;
    std::string driver, template_driver;  ///< of Swarm: without effect
    std::optional<OnChange> on_change;    ///< x-on-change; absent: the service's
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
    Json models;      ///< without effect here
    Json extensions;  ///< x-* keys of the top level
    bool operator==(const Project&) const = default;
};

/// A probe as one word of a container's health check, and back. @throws Error(invalid)
std::string to_text(const Probe& probe);
Probe probe_from_text(const std::string& text);

/// The project as JSON for the wire and the database. project_from_json(to_json(p)) gives p back.
Json to_json(const Project& project);
/// @throws Error(invalid)
Project project_from_json(const Json& document);

/// What decides whether a service's containers must be made anew: everything but how its image comes about, its number,
/// what it depends on, its profiles, schedule, hooks of running containers and rules for updates; with the content of
/// its configs and secrets, unless something else than `recreate` answers a change of them.
Json hashed_json(const Service& service);
/// SHA-256 (hex) of hashed_json. @see docker/compose pkg/compose/hash.go
std::string config_hash(const Service& service);

/// Services in an order in which each comes after what it depends on; names break ties. The loader has refused cycles.
std::vector<std::string> dependency_order(const Project& project);

}  // namespace hoist::compose
