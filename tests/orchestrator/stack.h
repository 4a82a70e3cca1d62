#pragma once
// SPDX-License-Identifier: Apache-2.0
// Projects for tests, and a world that plans can be applied to.

#include <algorithm>
#include <random>

#include "base/error.h"
#include "orchestrator/plan.h"
#include "orchestrator/up_decisions.h"

namespace hoist::orchestrator::test {

using Condition = compose::Dependency::Condition;

inline compose::Service& add_service(compose::Project& project, const std::string& name) {
    compose::Service& service = project.services[name];
    service.name = name;
    service.image = name + ":1";
    service.networks = {{"back", {}}};
    return service;
}

inline compose::Healthcheck check() {
    compose::Healthcheck check;
    check.test = {"CMD", "true"};
    return check;
}

/// nginx waits for php, php for the database; all have checks.
inline compose::Project lnmp() {
    compose::Project project;
    project.name = "lnmp";
    project.working_dir = "/srv/lnmp";
    project.networks["back"].key = "back";
    project.volumes["data"].key = "data";
    auto& db = add_service(project, "db");
    db.healthcheck = check();
    compose::Mount data;
    data.source = "data";
    data.target = "/var/lib/mysql";
    db.mounts.push_back(data);
    auto& php = add_service(project, "php");
    php.healthcheck = check();
    php.environment["PHP_VERSION"] = "8.2";
    php.depends_on["db"] = {Condition::healthy, true, true};
    auto& nginx = add_service(project, "nginx");
    nginx.healthcheck = check();
    nginx.depends_on["php"] = {Condition::healthy, false, true};
    return project;
}

/// What the engine would look like; steps change it as the engine would, and check what they need.
class World {
public:
    Observed seen;

    explicit World(const compose::Project& project) { know(project); }

    /// Another version of the model: its images exist.
    void know(const compose::Project& project) {
        project_ = project;
        for (const auto& [name, service] : project.services)
            seen.image_ids.try_emplace(image_name(project, service), "sha256:" + std::string(64, 'a'));
    }

    ObservedContainer* find(const std::string& name) {
        for (auto& container : seen.containers)
            if (container.name == name) return &container;
        return nullptr;
    }

    void apply(const Plan& plan) {
        for (const auto& step : plan.steps) apply(step.action);
    }

    /// Applies the first `count` steps in a random order that respects `after`.
    void apply_some(const Plan& plan, std::size_t count, unsigned seed) {
        std::mt19937 random(seed);
        std::vector<bool> done(plan.steps.size());
        while (count-- > 0) {
            std::vector<std::size_t> ready;
            for (std::size_t i = 0; i < plan.steps.size(); ++i)
                if (!done[i] && std::all_of(plan.steps[i].after.begin(), plan.steps[i].after.end(),
                                            [&](StepId before) { return done[before]; }))
                    ready.push_back(i);
            if (ready.empty()) fail(Kind::internal, "no step is ready: the plan has a circle");
            const auto next = ready[random() % ready.size()];
            apply(plan.steps[next].action);
            done[next] = true;
        }
    }

    void apply(const Action& action) {
        std::visit([this](const auto& what) { act(what); }, action);
    }

    /// What counts at the end, without ids.
    std::string picture() const {
        std::vector<std::string> lines;
        for (const auto& container : seen.containers) {
            std::string line = fmt::format("{} {} {} {}", container.name, container.config_hash.substr(0, 8),
                                           container.image_id.substr(0, 12), status_of(container));
            for (const auto& [name, address] : container.networks) line += " on " + name;
            lines.push_back(line);
        }
        for (const auto& network : seen.networks)
            lines.push_back("network " + network.spec.name + " " + network.spec.subnet);
        for (const auto& volume : seen.volumes) lines.push_back("volume " + volume.spec.name);
        std::sort(lines.begin(), lines.end());
        return fmt::format("{}\n", fmt::join(lines, "\n"));
    }

private:
    static const char* status_of(const ObservedContainer& container) {
        if (std::holds_alternative<Running>(container.state)) return "running";
        return std::holds_alternative<Created>(container.state) ? "created" : "exited";
    }

    ObservedContainer& get(const std::string& name) {
        if (auto* found = find(name)) return *found;
        fail(Kind::internal, "the plan touches {}, which is not there", name);
    }

    bool is_met(const std::string& service, Condition condition) {
        bool met = true;
        for (const auto& container : seen.containers) {
            if (container.service != service) continue;
            if (condition == Condition::completed)
                met = met && is_finished_job(container);
            else
                met = met && is_running(container);
        }
        return met;
    }

    void act(const CreateNetwork& step) {
        const auto& network = project_.networks.at(step.key);
        NetworkView view;
        view.id = NetworkId("net-" + std::to_string(++ids_));
        view.spec = network_spec(project_, network);
        for (const auto& other : seen.networks)
            if (other.spec.name == view.spec.name) fail(Kind::conflict, "network {} exists", view.spec.name);
        seen.networks.push_back(view);
    }
    void act(const RemoveNetwork& step) {
        for (const auto& container : seen.containers)
            if (container.networks.count(step.name)) fail(Kind::conflict, "{} is on {}", container.name, step.name);
        std::erase_if(seen.networks, [&](const auto& view) { return view.spec.name == step.name; });
    }
    void act(const CreateVolume& step) {
        VolumeView view;
        view.spec = volume_spec(project_, project_.volumes.at(step.key));
        seen.volumes.push_back(view);
    }
    void act(const RemoveVolume& step) {
        std::erase_if(seen.volumes, [&](const auto& view) { return view.spec.name == step.name; });
    }
    void act(const CreateContainer& step) {
        const auto& service = project_.services.at(step.service);
        if (step.replaces)
            std::erase_if(seen.containers, [&](const auto& container) { return container.id == *step.replaces; });
        if (find(step.name)) fail(Kind::conflict, "container {} exists", step.name);
        ObservedContainer made;
        made.id = ContainerId("id-" + std::to_string(++ids_));
        made.name = step.name;
        made.service = step.service;
        made.number = step.number;
        made.config_hash = compose::config_hash(service);
        made.image_id = seen.image_ids.at(image_name(project_, service));
        made.state = Created{};
        made.has_healthcheck = service.healthcheck.has_value();
        made.working_dir = project_.working_dir;
        made.depends_on = service.depends_on;
        made.network_mode = service.network_mode.empty() ? "bridge" : service.network_mode;
        if (service.network_mode.rfind("service:", 0) == 0)
            made.network_mode = "container:" + first_of(service.network_mode.substr(8)).id.str();
        if (service.network_mode.empty())
            for (const auto& [key, joined] : service.networks) {
                const auto name = network_name(project_, project_.networks.at(key));
                if (std::none_of(seen.networks.begin(), seen.networks.end(),
                                 [&](const auto& view) { return view.spec.name == name; }))
                    fail(Kind::internal, "{} is created before its network {}", step.name, name);
                made.networks[name] = "";
            }
        seen.containers.push_back(made);
        std::sort(seen.containers.begin(), seen.containers.end(),
                  [](const auto& left, const auto& right) { return left.name < right.name; });
    }
    ObservedContainer& first_of(const std::string& service) {
        for (auto& container : seen.containers)
            if (container.service == service) return container;
        fail(Kind::internal, "no container of {}", service);
    }
    void act(const StartContainer& step) {
        auto& container = get(step.name);
        for (const auto& [other, how] : project_.services.at(step.service).depends_on)
            if (how.required && !is_met(other, how.condition))
                fail(Kind::internal, "{} starts before {} is ready", step.name, other);
        container.stopped_by_user = false;
        if (is_job(project_, step.service)) {
            container.state = Exited{};
            return;
        }
        container.state = Running{};
        if (container.has_healthcheck) container.health = Health::healthy;
    }
    void act(const AwaitCondition& step) {
        if (step.required && !is_met(step.service, step.condition))
            fail(Kind::internal, "waits for ever for {}", step.name);
    }
    void act(const StopContainer& step) {
        auto& container = get(step.name);
        container.state = Exited{};
        container.health = Health::none;
        container.stopped_by_user = true;
    }
    void act(const RemoveContainer& step) {
        if (is_running(get(step.name))) fail(Kind::conflict, "{} is removed while it runs", step.name);
        std::erase_if(seen.containers, [&](const auto& container) { return container.name == step.name; });
    }

    void act(const UpdateFiles& step) {
        for (const auto* grants :
             {&project_.services.at(step.service).configs, &project_.services.at(step.service).secrets})
            for (const auto& grant : *grants) get(step.name).file_digests[grant.target] = grant.digest;
    }

    compose::Project project_;
    int ids_ = 0;
};

/// A world in which `project` is up.
inline World up(const compose::Project& project) {
    World world(project);
    world.apply(plan_up(project, world.seen, {}));
    return world;
}

}  // namespace hoist::orchestrator::test
