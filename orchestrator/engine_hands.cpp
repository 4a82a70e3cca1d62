// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/engine_hands.h"

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"

namespace hoist::orchestrator {
namespace {

/// Anonymous volumes hold data: a container made anew goes on with those of the one that it replaces.
void inherit_volumes(ContainerSpec& spec, const std::vector<MountSpec>& old, const storage::Image& image) {
    for (const auto& mount : old) {
        if (mount.type != MountSpec::Type::volume || !mount.anonymous || mount.source.empty()) continue;
        const auto same = std::find_if(spec.mounts.begin(), spec.mounts.end(),
                                       [&](const auto& wanted) { return wanted.target == mount.target; });
        const auto& declared = image.config.volumes;
        if (same != spec.mounts.end()) {
            if (same->anonymous) same->source = mount.source;
        } else if (std::find(declared.begin(), declared.end(), mount.target) != declared.end()) {
            spec.mounts.push_back(mount);
        }
    }
}

/// What is gone already needs no removal: somebody else may have begun it.
asio::awaitable<void> stop_if_there(Engine& engine, ContainerId id, std::optional<std::chrono::seconds> grace) {
    if (!engine.find(id.str())) co_return;
    co_await engine.stop(id, grace);
}

asio::awaitable<void> remove_if_there(Engine& engine, ContainerId id, bool with_anonymous_volumes) {
    if (!engine.find(id.str())) co_return;
    try {
        co_await engine.remove(id, true, with_anonymous_volumes);
    } catch (const Error& error) {
        if (error.kind() != Kind::not_found) throw;
    }
}

}  // namespace

asio::awaitable<std::string> EngineHands::perform(const Action& action) {
    fail_point("project-step");
    auto act_on = [this](const auto& step) { return act(step); };
    auto acting = std::visit(act_on, action);
    co_return co_await std::move(acting);
}

asio::awaitable<std::string> EngineHands::act(const CreateNetwork& step) {
    const auto spec = network_spec(project_, project_.networks.at(step.key));
    if (!engine_.find_network(spec.name)) co_await engine_.create_network(spec);
    co_return "Created";
}

asio::awaitable<std::string> EngineHands::act(const RemoveNetwork& step) {
    try {
        co_await engine_.remove_network(step.name);
    } catch (const Error& error) {
        // Containers of others may be on it; the network then goes with them.
        if (error.kind() == Kind::conflict) co_return "Still in use";
        if (error.kind() != Kind::not_found) throw;
    }
    co_return "Removed";
}

asio::awaitable<std::string> EngineHands::act(const CreateVolume& step) {
    auto spec = volume_spec(project_, project_.volumes.at(step.key));
    co_await engine_.create_volume(std::move(spec));
    co_return "Created";
}

asio::awaitable<std::string> EngineHands::act(const RemoveVolume& step) {
    try {
        co_await engine_.remove_volume(step.name);
    } catch (const Error& error) {
        if (error.kind() == Kind::conflict) co_return "Still in use";
        if (error.kind() != Kind::not_found) throw;
    }
    co_return "Removed";
}

ContainerSpec EngineHands::specification(const CreateContainer& step, const storage::Image& image) const {
    const auto& service = project_.services.at(step.service);
    std::map<std::string, NetworkId> networks;
    if (service.network_mode.empty())
        for (const auto& [key, joined] : service.networks) {
            const auto name = network_name(project_, project_.networks.at(key));
            const auto network = engine_.find_network(name);
            if (!network) fail(Kind::not_found, "network {} has gone meanwhile", name);
            networks[key] = network->id;
        }
    auto spec = container_spec(project_, service, step.number, networks);
    spec.image_id = image.id;
    spec.labels[label::image] = image.id;
    if (service.healthcheck) spec.health = health_spec(*service.healthcheck, image.config.healthcheck);
    constexpr std::string_view of_service = "service:", of_container = "container:";
    if (spec.network_mode.compare(0, of_service.size(), of_service) == 0) {
        const auto& parent = project_.services.at(spec.network_mode.substr(of_service.size()));
        spec.network_mode = "container:" + engine_.resolve(container_name(project_, parent, 1)).str();
    } else if (spec.network_mode.compare(0, of_container.size(), of_container) == 0) {
        spec.network_mode = "container:" + engine_.resolve(spec.network_mode.substr(of_container.size())).str();
    }
    return spec;
}

asio::awaitable<std::string> EngineHands::act(const CreateContainer& step) {
    const auto& service = project_.services.at(step.service);
    const auto image = engine_.images().find(image_name(project_, service));
    if (!image)
        fail(Kind::not_found, "container {}: image {} has gone meanwhile", step.name, image_name(project_, service));
    auto spec = specification(step, *image);
    if (step.replaces) co_await take_away(*step.replaces, step.name);
    if (const auto left = left_behind_.find(step.name); left != left_behind_.end())
        inherit_volumes(spec, left->second, *image);
    co_await free_name(step.name);
    try {
        co_await engine_.create(std::move(spec), step.name);
    } catch (Error& error) {
        error.during("create container {}", step.name);
        throw;
    }
    co_return step.replaces ? "Recreated" : "Created";
}

asio::awaitable<void> EngineHands::take_away(const ContainerId& id, const std::string& name) {
    if (const auto known = engine_.find(id.str()))
        left_behind_[name] = engine_.view(*known).spec.mounts;
    else
        co_return;
    co_await stop_if_there(engine_, id, options_.grace);
    co_await remove_if_there(engine_, id, false);
}

/// A removal that is still under way holds the name.
asio::awaitable<void> EngineHands::free_name(const std::string& name) {
    const auto holder = engine_.find(name);
    if (holder && std::holds_alternative<Removing>(engine_.view(*holder).state))
        co_await engine_.wait(*holder, WaitFor::removed);
}

asio::awaitable<std::string> EngineHands::act(const StartContainer& step) {
    const auto id = engine_.resolve(step.name);
    co_await engine_.start(id);
    co_return "Started";
}

asio::awaitable<std::string> EngineHands::act(const AwaitCondition& step) {
    using Condition = compose::Dependency::Condition;
    const auto id = engine_.resolve(step.name);
    if (step.condition == Condition::completed) co_return co_await await_completed(id);
    if (step.condition == Condition::started) {
        const auto seen = observed_container(engine_.view(id));
        if (is_running(seen)) co_return "Running";
        if (is_finished_job(seen)) co_return "Exited";
        const std::string report = co_await failure_report(engine_, id);
        fail(Kind::conflict, "container {} is not running{}", step.name, report);
    }
    std::string problem;
    try {
        const auto patience = options_.patient && step.required ? Patience::while_restarted : Patience::until_first_failure;
        co_await engine_.wait_healthy(id, patience);
    } catch (const Error& error) {
        problem = error.what();  // the report needs co_await, which a handler may not contain
    }
    if (problem.empty()) co_return "Healthy";
    const auto what = engine_.find(step.name) && engine_.view(id).health.status == Health::unhealthy
                          ? fmt::format("container {} is unhealthy", step.name)
                          : problem;
    const std::string report = co_await failure_report(engine_, id);
    fail(Kind::conflict, "{}{}", what, report);
}

asio::awaitable<std::string> EngineHands::await_completed(const ContainerId& id) {
    for (auto condition = WaitFor::not_running;; condition = WaitFor::next_exit) {
        const Exit exit = co_await engine_.wait(id, condition);
        const auto view = engine_.view(id);
        if (std::holds_alternative<Running>(view.state) || std::holds_alternative<Restarting>(view.state)) continue;
        if (exit.code == 0) co_return "Exited";
        const std::string report = co_await failure_report(engine_, id);
        fail(Kind::conflict, "container {} did not complete{}", view.name, report);
    }
}

asio::awaitable<std::string> EngineHands::act(const StopContainer& step) {
    co_await stop_if_there(engine_, step.id, options_.grace);
    co_return "Stopped";
}

asio::awaitable<std::string> EngineHands::act(const RemoveContainer& step) {
    if (const auto known = engine_.find(step.id.str())) left_behind_[step.name] = engine_.view(*known).spec.mounts;
    co_await remove_if_there(engine_, step.id, options_.anonymous_volumes);
    co_return "Removed";
}

}  // namespace hoist::orchestrator
