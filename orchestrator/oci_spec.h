#pragma once
// SPDX-License-Identifier: Apache-2.0
// From what was asked for to the configuration that the runtime takes. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/bind_source.h"
#include "orchestrator/container.h"
#include "runtime/oci.h"
#include "storage/image.h"

namespace hoist::orchestrator {

/// What is known only at the start, on this machine.
struct StartFacts {
    ContainerId id;
    std::string cgroup_parent;                                ///< "/hoist"
    std::map<std::string, std::string> volume_data;           ///< volume name -> directory
    std::map<std::string, ConfinedSource> bind_sources;       ///< of those that containers could bend
    std::string hostname_file, hosts_file, resolv_conf_file;  ///< empty: not mounted
    struct GivenFile {
        std::string source, target;
    };
    std::vector<GivenFile> files;          ///< secrets and configs, ready on tmpfs
    std::vector<runtime::Device> devices;  ///< devices:, looked up on the host
    std::vector<runtime::DeviceRule> device_rules;
    /// Process 1 of the container whose namespace is shared, by namespace ("ipc", "pid", "uts").
    std::map<std::string, int> shared_with;
};

/// The runtime's configuration. @throws Error(invalid) for capabilities, limits, options that do not exist
runtime::Config oci_config(const ContainerSpec& spec, const storage::ImageConfig& image, const StartFacts& facts);

/// The container's own process; those of execs are made from it.
runtime::Process oci_process(const ContainerSpec& spec, const storage::ImageConfig& image, const ContainerId& id);

/// Entrypoint and command as they will run: an entrypoint of the spec drops the image's command.
/// @throws Error(invalid) if nothing remains
std::vector<std::string> effective_argv(const ContainerSpec& spec, const storage::ImageConfig& image);
/// PATH, HOSTNAME, TERM, then the image's, then the spec's variables; later ones replace earlier ones.
std::vector<std::string> effective_environment(const ContainerSpec& spec, const storage::ImageConfig& image,
                                               const std::string& hostname);
/// Sets one "KEY=value" in place of an earlier one; a "KEY" alone takes it away.
void set_variable(std::vector<std::string>& environment, const std::string& assignment);
/// The check that applies: the spec's, else the image's.
HealthSpec effective_health(const ContainerSpec& spec, const storage::ImageConfig& image);
/// Stop signal of the spec, else of the image, else SIGTERM.
int effective_stop_signal(const ContainerSpec& spec, const storage::ImageConfig& image);
/// The spec's host name, else the id's first digits.
std::string effective_hostname(const ContainerSpec& spec, const ContainerId& id);
/// Docker's default capabilities with cap_add and cap_drop applied; all of them if privileged.
std::uint64_t effective_capabilities(const ContainerSpec& spec);

/// security_opt, parsed. @throws Error(invalid) for an option that does not exist or cannot be applied
struct SecurityOptions {
    bool no_new_privileges = false, unconfined_seccomp = false, unconfined_paths = false;
    std::string seccomp_profile;  ///< JSON text
};
SecurityOptions parse_security(const ContainerSpec& spec);

/// A rule as `device_cgroup_rules` has it: "c 1:3 mr". @throws Error(invalid)
runtime::DeviceRule parse_device_rule(const std::string& text);

/// Resources for cgroups (without device rules).
runtime::Resources oci_resources(const ResourceSpec& spec);

}  // namespace hoist::orchestrator
