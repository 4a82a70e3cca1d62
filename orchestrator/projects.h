#pragma once
// SPDX-License-Identifier: Apache-2.0
// Projects: the desired state that `up` leaves behind, and what carries it out.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <string>

#include "compose/model.h"
#include "orchestrator/engine.h"
#include "orchestrator/plan.h"
#include "orchestrator/progress.h"

namespace hoist::orchestrator {

struct ProjectView {
    std::string name, working_dir;
    std::vector<std::string> config_files;
    int running = 0, total = 0;
};

class Projects {
public:
    explicit Projects(Engine& engine);
    ~Projects();

    /// Stores the model as desired state, plans, executes. What has been started stays on failure or cancellation
    /// (asio cancellation of the awaiting coroutine); doing it again converges. One operation per project at a time.
    /// @throws Error that names each failed step, its cause, and for unhealthy dependencies the last probe and log
    /// lines
    asio::awaitable<void> up(compose::Project project, UpOptions how, ProgressSink progress);
    Plan plan(const compose::Project& project, const UpOptions& how) const;
    asio::awaitable<void> down(std::string name, DownOptions how, ProgressSink progress);
    asio::awaitable<void> start(std::string name, std::vector<std::string> services, ProgressSink progress);
    asio::awaitable<void> stop(std::string name, std::vector<std::string> services,
                               std::optional<std::chrono::seconds> grace, ProgressSink progress);
    asio::awaitable<void> restart(std::string name, std::vector<std::string> services,
                                  std::optional<std::chrono::seconds> grace, ProgressSink progress);
    /// Creates (and does not start) a container of a service for one command, with the networks and volumes that it
    /// needs.
    struct OneOff {
        std::string service, name;  ///< name: empty: "project-service-run-<12 hex>"
        bool auto_remove = false, use_aliases = false, stdin_once = false;
    };
    asio::awaitable<ContainerId> create_one_off(compose::Project project, OneOff what);
    std::vector<ProjectView> list() const;
    std::optional<compose::Project> desired(const std::string& name) const;

    /// At the daemon's start, after Engine::reconcile: starts what should run, in dependency order with health gates;
    /// containers that never stopped are left alone. Failures are logged and restart policies go on trying.
    asio::awaitable<void> bring_back();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hoist::orchestrator
