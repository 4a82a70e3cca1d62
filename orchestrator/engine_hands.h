#pragma once
// SPDX-License-Identifier: Apache-2.0
// The executor's hands on the real engine.

#include <map>
#include <memory>
#include <set>

#include "orchestrator/engine.h"
#include "orchestrator/executor.h"
#include "orchestrator/sync.h"

namespace hoist::orchestrator {

class EngineHands : public Hands {
public:
    struct Options {
        std::optional<std::chrono::seconds> grace;  ///< for stopping; absent: each container's own
        bool anonymous_volumes = false;             ///< removed together with their container
        /// A wait that fails goes on for as long as the container's restart policy does (bring_back).
        bool patient = false;
        bool renew_volumes = false;  ///< anonymous volumes are not inherited
    };
    /// `project` must outlive the hands.
    EngineHands(Engine& engine, const compose::Project& project, Options options)
        : engine_(engine), project_(project), options_(options) {}

    asio::awaitable<std::string> perform(const Action& action) override;
    /// See Projects::create_one_off.
    asio::awaitable<ContainerId> create_one_off(std::string service, std::string name, bool auto_remove,
                                                bool use_aliases, bool stdin_once);

private:
    asio::awaitable<std::string> act(const CreateNetwork& step);
    asio::awaitable<std::string> act(const RemoveNetwork& step);
    asio::awaitable<std::string> act(const CreateVolume& step);
    asio::awaitable<std::string> act(const RemoveVolume& step);
    asio::awaitable<std::string> act(const CreateContainer& step);
    asio::awaitable<std::string> act(const StartContainer& step);
    asio::awaitable<std::string> act(const AwaitCondition& step);
    asio::awaitable<std::string> act(const StopContainer& step);
    asio::awaitable<std::string> act(const RemoveContainer& step);
    asio::awaitable<std::string> act(const UpdateFiles& step);

    ContainerSpec specification(const CreateContainer& step, const storage::Image& image) const;
    const compose::Service* service_named(const std::string& name) const;
    asio::awaitable<void> prepare_start(const compose::Service& service, ContainerId id);
    asio::awaitable<std::string> leave(std::string service, ContainerId id);
    bool began_before(const compose::Service& service, const ContainerId& id) const;
    asio::awaitable<void> take_away(const std::string& service, const ContainerId& id, const std::string& name);
    asio::awaitable<void> free_name(const std::string& name);
    asio::awaitable<std::string> await_completed(const ContainerId& id);

    Engine& engine_;
    const compose::Project& project_;
    Options options_;
    std::map<std::string, std::unique_ptr<Semaphore>> starting_;  ///< pre_start hooks of a service run one by one
    std::set<std::string> prepared_;                              ///< services whose pre_start hooks have run
    std::map<std::string, std::vector<MountSpec>> left_behind_;   ///< anonymous volumes of what was removed, by name
};

/// What to read when a container did not become what others wait for: the last probe, and the last lines of its log.
asio::awaitable<std::string> failure_report(Engine& engine, ContainerId id);

}  // namespace hoist::orchestrator
