#pragma once
// SPDX-License-Identifier: Apache-2.0
// Credentials where Docker's command line keeps them: ~/.docker/config.json, and the helper programs that it names.

#include <string>

#include "base/json.h"

namespace hoist::cli {

/// The registry of an image's name: "docker.io" for "nginx", "example.org:5000" for "example.org:5000/a/b".
std::string registry_of(const std::string& reference);

class DockerConfig {
public:
    /// Of $DOCKER_CONFIG, else ~/.docker.
    DockerConfig();
    explicit DockerConfig(std::string directory);

    /// {"username", "password"} or {"identitytoken"} for a registry; an empty object if there are none.
    /// @throws Error if the file is damaged or a helper program fails
    Json credentials(const std::string& registry) const;
    /// The header that passes them on; empty without any.
    std::string auth_header(const std::string& registry) const;
    /// Keeps credentials, with the helper program if the file names one.
    void store(const std::string& registry, const std::string& username, const std::string& password);
    /// @return whether there was something to forget
    bool forget(const std::string& registry);

private:
    std::string helper_for(const std::string& key) const;
    void write() const;

    std::string directory_;
    Json file_;
};

}  // namespace hoist::cli
