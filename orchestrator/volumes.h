#pragma once
// SPDX-License-Identifier: Apache-2.0
// Named and anonymous volumes.

#include <map>
#include <string>
#include <vector>

#include "orchestrator/engine.h"

namespace hoist::orchestrator {

class Volumes {
public:
    explicit Volumes(Engine::State& engine) : engine_(engine) {}

    void load(const std::vector<storage::VolumeRow>& rows);
    asio::awaitable<void> create(VolumeSpec spec);
    asio::awaitable<void> remove(std::string name);
    const VolumeView* find(const std::string& name) const;
    std::vector<VolumeView> all() const;

    /// The rows of volumes that `mounts` name and nobody has made yet; they count as made from now on.
    std::vector<storage::VolumeRow> adopt_missing(const std::vector<MountSpec>& mounts, const std::string& project);
    /// Undoes adopt_missing, and forgets volumes whose rows a transaction removed.
    void forget(const std::string& name);
    /// Moves a volume's directory to the trash. Blocking.
    static void discard(const storage::Layout& layout, const std::string& name);
    /// Containers that mount the volume.
    std::vector<std::string> users(const std::string& name) const;

private:
    storage::VolumeRow add(VolumeSpec spec);
    Engine::State& engine_;
    std::map<std::string, VolumeView> volumes_;
};

}  // namespace hoist::orchestrator
