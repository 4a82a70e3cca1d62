#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a service is made of: ports, mounts, conditions, checks.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
    enum class Type { bind, volume, tmpfs, image };
    Type type = Type::volume;
    std::string source;  ///< bind: absolute path; volume: key in Project::volumes, empty: anonymous; image: reference
    std::string target;
    bool read_only = false;
    std::string propagation;                    ///< bind
    bool create_host_path = true;               ///< bind
    bool no_copy = false;                       ///< volume
    std::string subpath;                        ///< volume, image
    std::string recursive;                      ///< bind: "" or "enabled", "disabled", "writable", "readonly"
    std::string selinux;                        ///< bind: "z", "Z"; without effect
    std::string consistency;                    ///< without effect
    std::map<std::string, std::string> labels;  ///< of an anonymous volume
    std::optional<Bytes> tmpfs_size;
    std::optional<std::uint32_t> tmpfs_mode;
    std::string tmpfs_options;  ///< further mount options of `tmpfs: - /run:uid=1,noexec`
    bool operator==(const Mount&) const = default;
};

struct ServiceNetwork {
    std::vector<std::string> aliases;
    std::string ipv4_address, ipv6_address, mac_address, interface_name;
    std::vector<std::string> link_local_ips;
    std::map<std::string, std::string> driver_opts;
    int priority = 0;  ///< the highest carries the service's mac_address
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

/// What follows when only the content of a config or secret has changed.
struct OnChange {
    enum class How { recreate, signal, exec, none };
    How how = How::recreate;
    std::string signal;
    std::vector<std::string> command;
    bool operator==(const OnChange&) const = default;
};

/// A config or secret given to a service.
struct Grant {
    std::string source;  ///< key in Project::configs or secrets
    std::string target;  ///< absolute path in the container
    std::string uid, gid;
    std::optional<std::uint32_t> mode;  ///< default 0444
    std::string digest;                 ///< SHA-256 (hex) of the content; empty: not known when the files were read
    OnChange on_change;                 ///< what follows when only the content has changed
    bool operator==(const Grant&) const = default;
};

struct RestartPolicy {
    enum class Name { no, always, on_failure, unless_stopped };
    Name name = Name::no;
    int max_retries = 0;  ///< on-failure; 0: without end
    /// Of `deploy.restart_policy`: the pause before each restart, and how long a run must last to count as a success.
    std::optional<Nanoseconds> delay, window;
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

}  // namespace hoist::compose
