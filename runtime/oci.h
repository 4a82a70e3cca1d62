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
#include "runtime/oci_process.h"
#include "runtime/oci_resources.h"

namespace hoist::runtime {

struct IdMapping {
    std::uint32_t container_id = 0;
    std::uint32_t host_id = 0;
    std::uint32_t size = 0;
};

struct Mount {
    std::string destination;
    std::string type;  ///< "proc", "tmpfs", "bind", ... ; empty with a bind option
    std::string source;
    std::vector<std::string> options;
    /// Ours, for the engine: what is bound is found below `source`, and no link on the way leads out of it. (SEC-11)
    std::string source_below;
    /// Ids on the source's file system (container_id) and as they show here (host_id); both or none.
    std::vector<IdMapping> uid_mappings, gid_mappings;
};

enum class NamespaceType { pid, network, mount, ipc, uts, user, cgroup, time };
struct Namespace {
    NamespaceType type;
    std::string path;  ///< join this one; empty: make a new one
};

/// What a new time namespace adds to the host's clocks.
struct TimeOffset {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
};

/// Which kind of machine uname(2) tells of, for personality(2).
struct Personality {
    std::string domain;  ///< "LINUX" or "LINUX32"
};

/// For set_mempolicy(2).
struct MemoryPolicy {
    std::string mode;   ///< "MPOL_BIND"
    std::string nodes;  ///< "0-1"
    std::vector<std::string> flags;
};

/// A group of resctrl, for processor caches and memory bandwidth.
struct CacheAllocation {
    std::string group;  ///< closID; empty: one of the container's own
    std::string l3_schema, bandwidth_schema;
    std::vector<std::string> schemata;
    bool monitoring = false;
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
    std::string mount_label;
    std::map<std::string, TimeOffset> time_offsets;  ///< by clock: "monotonic", "boottime"
    std::map<std::string, std::string> net_devices;  ///< the host's name to the one inside (empty: the same)
    std::optional<Personality> personality;
    std::optional<MemoryPolicy> memory_policy;
    std::optional<CacheAllocation> cache_allocation;
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
