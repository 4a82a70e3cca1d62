// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/engine_hands.h"

#include <algorithm>

#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/text.h"
#include "orchestrator/hooks.h"

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
    if (service.healthcheck) spec.health = health_spec(service, image.config.healthcheck);
    for (auto* mode : {&spec.network_mode, &spec.ipc_mode, &spec.pid_mode, &spec.uts_mode}) {
        if (mode->starts_with("service:"))
            *mode = "container:" +
                    engine_.resolve(container_name(project_, project_.services.at(mode->substr(8)), 1)).str();
        else if (mode->starts_with("container:"))
            *mode = "container:" + engine_.resolve(mode->substr(10)).str();
    }
    return spec;
}

asio::awaitable<std::string> EngineHands::act(const CreateContainer& step) {
    const auto& service = project_.services.at(step.service);
    const auto image = engine_.images().find(image_name(project_, service));
    if (!image)
        fail(Kind::not_found, "container {}: image {} has gone meanwhile", step.name, image_name(project_, service));
    auto spec = specification(step, *image);
    if (step.replaces) co_await take_away(step.service, *step.replaces, step.name);
    if (const auto left = left_behind_.find(step.name); left != left_behind_.end() && !options_.renew_volumes)
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

asio::awaitable<void> EngineHands::take_away(const std::string& service, const ContainerId& id,
                                             const std::string& name) {
    if (const auto known = engine_.find(id.str()))
        left_behind_[name] = engine_.view(*known).spec.mounts;
    else
        co_return;
    co_await leave(service, id);
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
    const auto* service = service_named(step.service);
    if (service && !service->pre_start.empty()) co_await prepare_start(*service, id);
    co_await engine_.start(id);
    if (service && !service->post_start.empty()) co_await run_post_start(engine_, id, service->post_start);
    co_return "Started";
}

const compose::Service* EngineHands::service_named(const std::string& name) const {
    const auto found = project_.services.find(name);
    return found == project_.services.end() ? nullptr : &found->second;
}

/// Whether another container of the same definition has been started before: its pre_start hooks have done their work.
bool EngineHands::began_before(const compose::Service& service, const ContainerId& id) const {
    const auto hash = engine_.view(id).spec.labels.at(label::config_hash);
    for (const auto& view : engine_.list()) {
        const auto seen = observed_container(view);
        const auto project = view.spec.labels.find(label::project);
        if (view.id != id && project != view.spec.labels.end() && project->second == project_.name &&
            seen.service == service.name && !seen.one_off && seen.config_hash == hash &&
            !std::holds_alternative<Created>(view.state))
            return true;
    }
    return false;
}

/// pre_start hooks: once for a container that has never been started, or once for all replicas of its service.
asio::awaitable<void> EngineHands::prepare_start(const compose::Service& service, ContainerId id) {
    if (!std::holds_alternative<Created>(engine_.view(id).state)) co_return;
    auto& gate = starting_[service.name];
    const auto executor = co_await asio::this_coro::executor;
    if (!gate) gate = std::make_unique<Semaphore>(executor, 1);
    const auto permit = co_await gate->acquire();
    const bool for_all_done = prepared_.count(service.name) || began_before(service, id);
    std::vector<compose::Hook> due;
    for (const auto& hook : service.pre_start)
        if (hook.per_replica || !for_all_done) due.push_back(hook);
    co_await run_pre_start(engine_, id, std::move(due));
    prepared_.insert(service.name);
}

/// pre_stop hooks of one that runs. What goes wrong in them is told, and does not keep it from stopping.
asio::awaitable<std::string> EngineHands::leave(std::string service, ContainerId id) {
    const auto* known = service_named(service);
    if (!known || known->pre_stop.empty() || !engine_.find(id.str())) co_return "";
    co_return co_await run_pre_stop(engine_, id, known->pre_stop);
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
        const auto patience =
            options_.patient && step.required ? Patience::while_restarted : Patience::until_first_failure;
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
    const std::string problems = co_await leave(step.service, step.id);
    co_await stop_if_there(engine_, step.id, options_.grace);
    co_return "Stopped" + problems;
}

asio::awaitable<std::string> EngineHands::act(const UpdateFiles& step) {
    const auto& service = project_.services.at(step.service);
    std::vector<FileSpec> files;
    std::vector<compose::OnChange> reactions;
    for (auto& file : file_specs(project_, service))
        if (std::find(step.targets.begin(), step.targets.end(), file.target) != step.targets.end())
            files.push_back(std::move(file));
    for (const auto* grants : {&service.configs, &service.secrets})
        for (const auto& grant : *grants)
            if (std::find(step.targets.begin(), step.targets.end(), grant.target) != step.targets.end() &&
                std::find(reactions.begin(), reactions.end(), grant.on_change) == reactions.end())
                reactions.push_back(grant.on_change);
    co_await engine_.replace_files(step.id, std::move(files));
    if (!is_running(observed_container(engine_.view(step.id)))) co_return "Updated";
    for (const auto& reaction : reactions) {
        if (reaction.how == compose::OnChange::How::signal)
            co_await engine_.kill(step.id, parse_signal(reaction.signal));
        if (reaction.how != compose::OnChange::How::exec) continue;
        ExecSpec command{.command = reaction.command};
        const auto end = co_await run_inside(engine_, step.id, std::move(command));
        if (end.code != 0)
            fail(Kind::conflict, "container {}: x-on-change command ended with {}: {}", step.name, end.code,
                 escape_for_terminal(trim(end.output)));
    }
    co_return "Updated";
}

asio::awaitable<std::string> EngineHands::act(const RemoveContainer& step) {
    if (const auto known = engine_.find(step.id.str())) left_behind_[step.name] = engine_.view(*known).spec.mounts;
    co_await leave(step.service, step.id);
    co_await remove_if_there(engine_, step.id, options_.anonymous_volumes);
    co_return "Removed";
}

}  // namespace hoist::orchestrator
