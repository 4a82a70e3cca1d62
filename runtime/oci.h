#pragma once
// SPDX-License-Identifier: Apache-2.0
// The OCI runtime configuration (config.json) as types. @see opencontainers/runtime-spec config.md, config-linux.md

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace hoist::runtime {

struct User {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::optional<std::uint32_t> umask;
    std::vector<std::uint32_t> additional_gids;
    /// Ours, for the engine: "user[:group]" as written ("www-data", "1000:0"), looked up in the container's own
    /// /etc/passwd and /etc/group after its root is built; when set, uid, gid and the groups above are its result.
    std::string name;
    /// Ours: further groups, names or ids, looked up likewise (group_add).
    std::vector<std::string> group_names;
};

struct Capabilities {
    // Numbers of <linux/capability.h> as bit masks.
    std::uint64_t bounding = 0;
    std::uint64_t effective = 0;
    std::uint64_t inheritable = 0;
    std::uint64_t permitted = 0;
    std::uint64_t ambient = 0;
};

struct Rlimit {
    std::string type;  ///< "RLIMIT_NOFILE"
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

struct Process {
    bool terminal = false;
    std::uint16_t console_rows = 0;
    std::uint16_t console_columns = 0;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env;  ///< "KEY=value"
    std::string cwd = "/";
    std::optional<Capabilities> capabilities;  ///< absent: keep what the runtime has
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::optional<int> oom_score_adj;
};

struct Mount {
    std::string destination;
    std::string type;  ///< "proc", "tmpfs", "bind", ... ; empty with a bind option
    std::string source;
    std::vector<std::string> options;
    /// Ours, for the engine: what is bound is found below `source`, and no link on the way leads out of it. (SEC-11)
    std::string source_below;
};

enum class NamespaceType { pid, network, mount, ipc, uts, user, cgroup, time };
struct Namespace {
    NamespaceType type;
    std::string path;  ///< join this one; empty: make a new one
};

struct IdMapping {
    std::uint32_t container_id = 0;
    std::uint32_t host_id = 0;
    std::uint32_t size = 0;
};

struct Device {
    std::string path;
    char type = 'c';  ///< 'c', 'b', 'u' or 'p'
    std::int64_t major = 0;
    std::int64_t minor = 0;
    std::optional<mode_t> file_mode;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

struct DeviceRule {
    bool allow = false;
    char type = 'a';
    std::int64_t major = -1;  ///< -1: every
    std::int64_t minor = -1;
    std::string access = "rwm";
};

struct Resources {
    std::optional<std::int64_t> memory_limit, memory_reservation,
        memory_swap;  ///< bytes; swap is memory + swap, -1 none
    std::optional<bool> disable_oom_killer;
    std::optional<std::uint64_t> memory_swappiness;
    std::optional<std::uint64_t> cpu_shares, cpu_period, cpu_realtime_period;
    std::optional<std::int64_t> cpu_quota, cpu_realtime_runtime;
    std::string cpuset_cpus, cpuset_mems;
    std::optional<std::int64_t> pids_limit;  ///< 0 or below: no limit
    std::optional<std::uint16_t> blkio_weight;
    std::vector<DeviceRule> devices;
    std::map<std::string, std::string> unified;
};

struct Hook {
    std::string path;
    std::vector<std::string> args, env;
    std::optional<int> timeout_seconds;
};
struct Hooks {
    std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart, poststop;
};

struct Config {
    std::string oci_version = "1.2.0";
    Process process;
    std::string root_path;
    bool root_readonly = false;
    std::string hostname, domainname;
    std::vector<Mount> mounts;
    Hooks hooks;
    std::map<std::string, std::string> annotations;
    std::vector<Namespace> namespaces;
    std::vector<IdMapping> uid_mappings, gid_mappings;
    std::vector<Device> devices;
    std::string cgroups_path;
    Resources resources;
    std::map<std::string, std::string> sysctl;
    Json seccomp;  ///< linux.seccomp as written, null if absent: only the profile compiler looks inside
    std::string rootfs_propagation;
    std::vector<std::string> masked_paths, readonly_paths;
};

/// Reads config.json. Unknown keys are ignored, as the specification asks; wrong types and values are refused.
/// @throws Error(invalid) that gives the path of the key ("linux.resources.memory.limit")
Config config_from_json(const Json& document);
/// The same configuration as config.json. config_from_json(to_json(c)) == c.
Json to_json(const Config& config);
Process process_from_json(const Json& object);
Json to_json(const Process& process);
/// linux.resources alone, as `update` takes it.
Resources resources_from_json(const Json& object);
Json to_json(const Resources& resources);

/// What Docker gives a container that asks for nothing: its mounts, masks, 14 capabilities, device rules, namespaces
/// (pid, network, mount, ipc, uts, cgroup), and its seccomp profile left for the caller to name. No process arguments.
Config default_config();
/// The mask of Docker's 14 default capabilities: 0xa80425fb.
std::uint64_t default_capabilities();
/// "CAP_NET_ADMIN", "net_admin" -> its number; nullopt if there is none.
std::optional<int> capability_number(const std::string& name);
/// All capabilities that this kernel knows, as a mask.
std::uint64_t all_capabilities();

}  // namespace hoist::runtime
