// SPDX-License-Identifier: Apache-2.0
// The second half of planning `up`: the decisions as steps, each after what it needs.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/gates.h"
#include "orchestrator/up_decisions.h"

namespace hoist::orchestrator {
namespace {

using compose::Dependency;
using compose::Project;
using compose::Service;

class UpPlanner {
public:
    UpPlanner(const Project& wanted, const Observed& seen, const UpOptions& how)
        : wanted_(wanted), seen_(seen), how_(how), decisions_(decide_up(wanted, seen, how)), gates_(plan_) {}

    Plan run() {
        remove_orphans();
        stop_early();
        replace_networks();
        create_networks();
        create_volumes();
        for (const auto& name : decisions_.order) create_containers(wanted_.services.at(name));
        remove_surplus();
        update_files();
        if (!how_.no_start)
            for (const auto& name : decisions_.order) start_containers(wanted_.services.at(name));
        if (how_.wait && !how_.no_start)
            for (const auto& name : decisions_.order) wait_for(wanted_.services.at(name));
        gates_.throw_if_any(wanted_.name);
        return std::move(plan_);
    }

private:
    StepId add(Action action, std::string cause, std::vector<StepId> after) {
        return add_step(plan_, std::move(action), std::move(cause), std::move(after));
    }

    StepId remove(const ObservedContainer& container, const std::string& cause) {
        std::vector<StepId> after;
        if (const auto stopped = stops_.find(container.name); stopped != stops_.end())
            after.push_back(stopped->second);
        else if (!std::holds_alternative<Exited>(container.state) && !std::holds_alternative<Created>(container.state))
            after.push_back(add(StopContainer{container.service, container.name, container.id}, cause, {}));
        return add(RemoveContainer{container.service, container.name, container.id}, cause, std::move(after));
    }

    /// First, since they may hold ports and addresses that are wanted now.
    void remove_orphans() {
        for (const auto* orphan : decisions_.orphans) removed_.push_back(remove(*orphan, "orphan"));
    }

    /// Dependents with restart: true, and sharers of a namespace, stop before what they depend on is replaced; theirs
    /// before them.
    void stop_early() {
        for (auto name = decisions_.order.rbegin(); name != decisions_.order.rend(); ++name)
            for (const auto& replica : decisions_.replicas.at(*name)) {
                if (!replica.stops_early || replica.on_changed_network) continue;
                stops_[replica.name] = add(StopContainer{replica.service, replica.existing->name, replica.existing->id},
                                           replica.cause, stops_depending_on(*name));
            }
    }

    std::vector<StepId> stops_depending_on(const std::string& service) const {
        std::vector<StepId> found;
        for (const auto& [name, replicas] : decisions_.replicas)
            if (wanted_.services.at(name).depends_on.count(service))
                for (const auto& replica : replicas)
                    if (const auto stopped = stops_.find(replica.name); stopped != stops_.end())
                        found.push_back(stopped->second);
        return found;
    }

    /// A network can only be made anew once nobody is on it.
    void replace_networks() {
        if (decisions_.changed_networks.empty()) return;
        std::vector<StepId> emptied;
        for (const auto& name : decisions_.order)
            for (const auto& replica : decisions_.replicas.at(name))
                if (replica.on_changed_network) emptied.push_back(remove(*replica.existing, replica.cause));
        for (const auto& [container, cause] : decisions_.surplus) emptied.push_back(remove(*container, cause));
        emptied.insert(emptied.end(), removed_.begin(), removed_.end());
        decisions_.surplus.clear();
        for (const auto& key : decisions_.changed_networks) {
            const auto gone =
                add(RemoveNetwork{network_name(wanted_, wanted_.networks.at(key))}, "its definition changed", emptied);
            networks_[key] = add(CreateNetwork{key}, "its definition changed", {gone});
        }
    }

    void create_networks() {
        for (const auto& name : decisions_.order) {
            const Service& service = wanted_.services.at(name);
            if (!service.network_mode.empty()) continue;
            for (const auto& [key, joined] : service.networks) {
                const auto network = wanted_.networks.find(key);
                if (network == wanted_.networks.end())
                    fail(Kind::invalid, "service {}: network {} is not defined", name, key);
                if (!networks_.count(key) && !exists(seen_.networks, network_name(wanted_, network->second)))
                    networks_[key] = add(CreateNetwork{key}, "not found", {});
            }
        }
    }

    void create_volumes() {
        for (const auto& name : decisions_.order)
            for (const auto& mount : wanted_.services.at(name).mounts) {
                const auto volume = wanted_.volumes.find(mount.source);
                if (mount.type != compose::Mount::Type::volume || volume == wanted_.volumes.end()) continue;
                if (!volumes_.count(mount.source) && !exists(seen_.volumes, volume_name(wanted_, volume->second)))
                    volumes_[mount.source] = add(CreateVolume{mount.source}, "not found", {});
            }
    }

    template <class View>
    static bool exists(const std::vector<View>& all, const std::string& name) {
        return std::any_of(all.begin(), all.end(), [&](const auto& view) { return view.spec.name == name; });
    }

    void create_containers(const Service& service) {
        for (const auto& replica : decisions_.replicas.at(service.name)) {
            if (replica.fate != Fate::create && replica.fate != Fate::recreate) continue;
            CreateContainer action{service.name, replica.name, replica.number, {}};
            auto after = needed_to_create(service);
            if (replica.existing && !replica.on_changed_network) {
                action.replaces = replica.existing->id;
                const auto earlier = stops_depending_on(service.name);
                after.insert(after.end(), earlier.begin(), earlier.end());
            }
            if (const auto stopped = stops_.find(replica.name); stopped != stops_.end())
                after.push_back(stopped->second);
            created_[replica.name] = add(std::move(action), replica.cause, std::move(after));
        }
    }

    std::vector<StepId> needed_to_create(const Service& service) const {
        std::vector<StepId> after = removed_;
        const auto take = [&](const auto& steps, const std::string& key) {
            if (const auto step = steps.find(key); step != steps.end()) after.push_back(step->second);
        };
        if (service.network_mode.empty())
            for (const auto& [key, joined] : service.networks) take(networks_, key);
        for (const auto& mount : service.mounts)
            if (mount.type == compose::Mount::Type::volume) take(volumes_, mount.source);
        for (const auto* mode : {&service.network_mode, &service.ipc, &service.pid, &service.uts})
            if (mode->starts_with("service:"))
                if (const auto parent = decisions_.replicas.find(mode->substr(8)); parent != decisions_.replicas.end())
                    for (const auto& replica : parent->second) take(created_, replica.name);
        return after;
    }

    void remove_surplus() {
        for (const auto& [container, cause] : decisions_.surplus) remove(*container, cause);
    }

    void update_files() {
        for (const auto& [name, replicas] : decisions_.replicas)
            for (const auto& replica : replicas)
                if (!replica.stale_files.empty())
                    updated_[replica.name] = add(
                        UpdateFiles{replica.service, replica.existing->name, replica.existing->id, replica.stale_files},
                        "content of " + join(replica.stale_files, ", ") + " changed", {});
    }

    void start_containers(const Service& service) {
        const auto& replicas = decisions_.replicas.at(service.name);
        if (std::none_of(replicas.begin(), replicas.end(), [](const auto& one) { return one.will_start(); })) return;
        const auto gated = gates(service);
        for (const auto& replica : replicas) {
            if (!replica.will_start()) continue;
            auto after = gated;
            if (const auto made = created_.find(replica.name); made != created_.end())
                after.push_back(made->second);
            else
                after.insert(after.end(), removed_.begin(), removed_.end());
            if (const auto updated = updated_.find(replica.name); updated != updated_.end())
                after.push_back(updated->second);
            if (const auto stopped = stops_.find(replica.name);
                stopped != stops_.end() && !created_.count(replica.name))
                after.push_back(stopped->second);
            started_[replica.name] = add(StartContainer{service.name, replica.name}, replica.cause, std::move(after));
        }
    }

    /// The steps after which a service may start: its dependencies' starts, and the waits for their conditions.
    std::vector<StepId> gates(const Service& service) {
        std::vector<StepId> after;
        for (const auto& [other, how] : service.depends_on) {
            const auto decided = decisions_.replicas.find(other);
            if (decided == decisions_.replicas.end()) continue;  // inactive, or --no-deps
            if (how.condition == Dependency::Condition::healthy &&
                !has_healthcheck(wanted_, seen_, wanted_.services.at(other))) {
                gates_.no_healthcheck(service.name, other);
                continue;
            }
            for (const auto& replica : decided->second)
                if (const auto gate = gates_.gate(service.name, how, state_of(replica))) after.push_back(*gate);
        }
        return after;
    }

    Gates::Target state_of(const Replica& replica) const {
        Gates::Target target{replica.service, replica.name, {}, replica.existing};
        if (const auto started = started_.find(replica.name); started != started_.end()) target.start = started->second;
        return target;
    }

    void wait_for(const Service& service) {
        Dependency how;
        if (is_job(wanted_, service.name))
            how.condition = Dependency::Condition::completed;
        else if (has_healthcheck(wanted_, seen_, service))
            how.condition = Dependency::Condition::healthy;
        for (const auto& replica : decisions_.replicas.at(service.name))
            if (!replica.waits_for_schedule) gates_.wait(how.condition, state_of(replica));
    }

    const Project& wanted_;
    const Observed& seen_;
    const UpOptions& how_;
    Decisions decisions_;
    Plan plan_;
    Gates gates_;
    std::vector<StepId> removed_;                                        ///< orphans
    std::map<std::string, StepId> networks_, volumes_;                   ///< by key
    std::map<std::string, StepId> stops_, created_, updated_, started_;  ///< by container name
};

}  // namespace

Plan plan_up(const Project& wanted, const Observed& seen, const UpOptions& how) {
    return UpPlanner(wanted, seen, how).run();
}

}  // namespace hoist::orchestrator
