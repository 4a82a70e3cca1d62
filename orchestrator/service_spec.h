#pragma once
// SPDX-License-Identifier: Apache-2.0
// From a Compose model to what the engine is asked for: names, labels, specifications. Pure.

#include <map>
#include <optional>
#include <string>

#include "compose/model.h"
#include "orchestrator/container.h"
#include "orchestrator/engine.h"

namespace hoist::orchestrator {

/// "project-service-2", or the service's container_name.
std::string container_name(const compose::Project& project, const compose::Service& service, int number);
/// The service's image, or "project-service" for one that is only built.
std::string image_name(const compose::Project& project, const compose::Service& service);
/// "project_key", or the name that the file gives.
std::string network_name(const compose::Project& project, const compose::Network& network);
std::string volume_name(const compose::Project& project, const compose::Volume& volume);

/// What the engine is asked to create for replica `number` of a service. network_mode stays "service:x" where the
/// service says so: only who executes the plan knows the container.
/// @param networks  network key -> id, for those the service joins
/// @throws Error(invalid) for a user or group of a secret or config that is no number
ContainerSpec container_spec(const compose::Project& project, const compose::Service& service, int number,
                             const std::map<std::string, NetworkId>& networks);
/// The secrets and configs that it is given.
std::vector<FileSpec> file_specs(const compose::Project& project, const compose::Service& service);
NetworkSpec network_spec(const compose::Project& project, const compose::Network& network);
VolumeSpec volume_spec(const compose::Project& project, const compose::Volume& volume);

/// A service's health check over the image's: each timing that the service does not give is the image's, else the
/// default. nullopt if the service gives none, or neither has a test.
std::optional<HealthSpec> health_spec(const compose::Service& service,
                                      const std::optional<storage::ImageHealthcheck>& image);
/// The first word of a test that the engine makes itself, without a process; the second is compose::to_text's.
inline constexpr const char* probe_word = "PROBE";
/// The hash in the label of a network: what decides whether it must be made anew.
std::string network_hash(const compose::Network& network);

namespace label {
inline constexpr const char* project = "com.docker.compose.project";
inline constexpr const char* service = "com.docker.compose.service";
inline constexpr const char* number = "com.docker.compose.container-number";
inline constexpr const char* one_off = "com.docker.compose.oneoff";
inline constexpr const char* config_hash = "com.docker.compose.config-hash";
inline constexpr const char* image = "com.docker.compose.image";
inline constexpr const char* depends_on = "com.docker.compose.depends_on";
inline constexpr const char* working_dir = "com.docker.compose.project.working_dir";
inline constexpr const char* config_files = "com.docker.compose.project.config_files";
inline constexpr const char* environment_file = "com.docker.compose.project.environment_file";
inline constexpr const char* version = "com.docker.compose.version";
inline constexpr const char* network = "com.docker.compose.network";
inline constexpr const char* volume = "com.docker.compose.volume";
inline constexpr const char* hook = "com.docker.compose.hook";
inline constexpr const char* slug = "com.docker.compose.slug";
}  // namespace label

}  // namespace hoist::orchestrator
