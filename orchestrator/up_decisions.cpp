// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/up_decisions.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace hoist::orchestrator {
namespace {

using compose::Project;
using compose::Service;

class Decider {
public:
    Decider(const Project& wanted, const Observed& seen, const UpOptions& how)
        : wanted_(wanted), seen_(seen), how_(how), selected_(select_services(wanted, how.services, !how.no_deps)) {
        targets_.insert(how.services.begin(), how.services.end());
    }

    Decisions run() {
        for (const auto& name : compose::dependency_order(wanted_))
            if (selected_.count(name)) result_.order.push_back(name);
        check_networks();
        check_volumes();
        for (const auto& name : result_.order) decide(wanted_.services.at(name));
        find_orphans();
        problems_.throw_if_any(wanted_.name);
        return std::move(result_);
    }

private:
    bool uses_network(const std::string& key) const {
        return std::any_of(result_.order.begin(), result_.order.end(), [&](const auto& name) {
            const Service& service = wanted_.services.at(name);
            return service.network_mode.empty() && std::any_of(service.networks.begin(), service.networks.end(),
                                                               [&](const auto& joined) { return joined.first == key; });
        });
    }

    void check_networks() {
        for (const auto& [key, network] : wanted_.networks) {
            if (!uses_network(key)) continue;
            const std::string name = network_name(wanted_, network);
            const auto live = std::find_if(seen_.networks.begin(), seen_.networks.end(),
                                           [&](const auto& view) { return view.spec.name == name; });
            if (live == seen_.networks.end()) {
                if (network.external)
                    problems_.missing(
                        fmt::format("network {} is declared external, but there is none: create it first "
                                    "(`docker network create {}`, with DOCKER_HOST set to hoist's "
                                    "socket), or remove `external: true`",
                                    name, name));
                continue;
            }
            check_change(key, network, *live);
        }
    }

    /// Networks that we did not make are used as they are.
    void check_change(const std::string& key, const compose::Network& network, const NetworkView& live) {
        const auto hash = live.spec.labels.find(label::config_hash);
        if (network.external || hash == live.spec.labels.end() || how_.recreate == Recreate::never) return;
        if (live.spec.labels.at(label::config_hash) == network_hash(network)) return;
        for (const auto& container : seen_.containers)
            if (container.networks.count(live.spec.name) && !selected_.count(container.service))
                problems_.invalid(
                    fmt::format("network {} has changed, but container {} uses it and is not part of "
                                "this: stop and remove it, or run up for the whole project",
                                live.spec.name, container.name));
        result_.changed_networks.insert(key);
    }

    void check_volumes() {
        for (const auto& [key, volume] : wanted_.volumes) {
            const std::string name = volume_name(wanted_, volume);
            const bool exists = std::any_of(seen_.volumes.begin(), seen_.volumes.end(),
                                            [&](const auto& view) { return view.spec.name == name; });
            if (volume.external && !exists && uses_volume(key))
                problems_.missing(
                    fmt::format("volume {} is declared external, but there is none: create it first "
                                "(`docker volume create {}`, with DOCKER_HOST set to hoist's socket), "
                                "or remove `external: true`",
                                name, name));
        }
    }

    bool uses_volume(const std::string& key) const {
        return std::any_of(result_.order.begin(), result_.order.end(), [&](const auto& name) {
            const auto& mounts = wanted_.services.at(name).mounts;
            return std::any_of(mounts.begin(), mounts.end(), [&](const auto& mount) {
                return mount.type == compose::Mount::Type::volume && mount.source == key;
            });
        });
    }

    void decide(const Service& service) {
        check_scale(service);
        std::vector<const ObservedContainer*> existing;
        for (const auto& container : seen_.containers)
            if (container.service == service.name && !container.one_off &&
                !std::holds_alternative<Removing>(container.state))
                existing.push_back(&container);
        std::sort(existing.begin(), existing.end(),
                  [](const auto* left, const auto* right) { return left->number < right->number; });
        const auto wanted = static_cast<std::size_t>(std::max(0, service.scale));
        while (existing.size() > wanted) {
            result_.surplus.emplace_back(existing.back(), fmt::format("scaled to {}", service.scale));
            existing.pop_back();
        }
        auto& replicas = result_.replicas[service.name];
        std::set<int> taken;
        for (const auto* container : existing) {
            taken.insert(container->number);
            replicas.push_back(decide_existing(service, *container));
        }
        // The lowest free number, so that an `up` that was interrupted while replacing one ends with the same names.
        for (int number = 1; replicas.size() < wanted; ++number)
            if (!taken.count(number)) replicas.push_back(new_replica(service, number, !existing.empty()));
        check_image(service, replicas);
    }

    Replica new_replica(const Service& service, int number, bool scaling) const {
        Replica replica{service.name, container_name(wanted_, service, number), number};
        replica.fate = Fate::create;
        replica.waits_for_schedule = service.schedule.has_value();
        replica.cause = scaling ? fmt::format("scaled to {}", service.scale) : "no container";
        return replica;
    }

    Replica decide_existing(const Service& service, const ObservedContainer& container) const {
        Replica replica{service.name, container.name, container.number, &container};
        replica.on_changed_network = is_on_changed_network(container);
        if (auto reason = why_recreate(service, container, replica); !reason.empty()) {
            replica.fate = Fate::recreate;
            replica.cause = std::move(reason);
            replica.name = container_name(wanted_, service, container.number);
        } else if (is_running(container)) {
            decide_restart(service, replica);
        } else if (service.schedule) {
            replica.waits_for_schedule = true;
        } else if (!is_done(service, container)) {
            replica.fate = Fate::start;
            replica.cause = why_start(container);
        }
        replica.waits_for_schedule = service.schedule.has_value();
        if (replica.fate != Fate::recreate) find_stale_files(service, container, replica);
        return replica;
    }

    /// A job stays done while its definition is unchanged: one that others wait for, or whose policy does not start it
    /// again.
    bool is_done(const Service& service, const ObservedContainer& container) const {
        if (!is_finished_job(container)) return false;
        return is_job(wanted_, service.name) || !targets_.count(service.name);
    }

    void find_stale_files(const Service& service, const ObservedContainer& container, Replica& replica) const {
        if (how_.recreate == Recreate::never) return;
        for (const auto* grants : {&service.configs, &service.secrets})
            for (const auto& grant : *grants) {
                const auto given = container.file_digests.find(grant.target);
                if (given != container.file_digests.end() && !grant.digest.empty() && given->second != grant.digest)
                    replica.stale_files.push_back(grant.target);
            }
    }

    static std::string why_start(const ObservedContainer& container) {
        if (const auto* exited = std::get_if<Exited>(&container.state))
            return fmt::format("exited with {}", exited->last.code);
        return std::holds_alternative<Restarting>(container.state) ? "waits for its restart" : "created, not started";
    }

    bool is_on_changed_network(const ObservedContainer& container) const {
        return std::any_of(result_.changed_networks.begin(), result_.changed_networks.end(), [&](const auto& key) {
            return container.networks.count(network_name(wanted_, wanted_.networks.at(key))) != 0;
        });
    }

    /// Empty: it can stay. @see compose.md 3.7 for the list
    std::string why_recreate(const Service& service, const ObservedContainer& container, Replica& replica) const {
        if (how_.recreate == Recreate::never) return {};
        const bool target = targets_.empty() || targets_.count(service.name) || how_.always_recreate_deps;
        if (how_.recreate == Recreate::always && target) return "forced";
        if (replica.on_changed_network) return "its network changed";
        if (auto reason = why_namespace_changed(service, container, replica); !reason.empty()) return reason;
        if (container.config_hash != compose::config_hash(service)) return describe_change(service, seen_, container);
        const auto image = seen_.image_ids.find(image_name(wanted_, service));
        if (image != seen_.image_ids.end() && !container.image_id.empty() && image->second != container.image_id)
            return fmt::format("image changed: {:.19} -> {:.19}", container.image_id, image->second);
        return why_not_attached(service, container);
    }

    std::string why_namespace_changed(const Service& service, const ObservedContainer& container,
                                      Replica& replica) const {
        for (const auto& [wanted, present, what] :
             {std::tuple(&service.network_mode, &container.network_mode, "network"),
              std::tuple(&service.ipc, &container.ipc_mode, "ipc namespace"),
              std::tuple(&service.pid, &container.pid_mode, "processes"),
              std::tuple(&service.uts, &container.uts_mode, "host name")})
            if (auto reason = why_parent_changed(*wanted, *present, what, container, replica); !reason.empty())
                return reason;
        return {};
    }

    std::string why_parent_changed(const std::string& wanted, const std::string& present, const char* what,
                                   const ObservedContainer& container, Replica& replica) const {
        if (!wanted.starts_with("service:")) return {};
        const std::string parent = wanted.substr(8);
        const auto decided = result_.replicas.find(parent);
        if (decided == result_.replicas.end() || decided->second.empty()) return {};
        const Replica& first = decided->second.front();
        if (first.fate == Fate::recreate || first.fate == Fate::create) {
            replica.stops_early = is_running(container);
            return fmt::format("{}, whose {} it shares, is made anew", parent, what);
        }
        if (first.existing && present != "container:" + first.existing->id.str())
            return fmt::format("{}, whose {} it shares, was made anew", parent, what);
        return {};
    }

    std::string why_not_attached(const Service& service, const ObservedContainer& container) const {
        if (!service.network_mode.empty()) return {};
        for (const auto& [key, joined] : service.networks) {
            const auto network = wanted_.networks.find(key);
            if (network == wanted_.networks.end()) continue;
            const std::string name = network_name(wanted_, network->second);
            if (!container.networks.count(name)) return fmt::format("not attached to network {}", name);
        }
        return {};
    }

    void decide_restart(const Service& service, Replica& replica) const {
        if (how_.no_start) return;
        for (const auto& [other, dependency] : service.depends_on) {
            const auto decided = result_.replicas.find(other);
            if (!dependency.restart || decided == result_.replicas.end()) continue;
            for (const auto& parent : decided->second) {
                if (parent.fate != Fate::recreate && parent.fate != Fate::restart) continue;
                replica.fate = Fate::restart;
                replica.stops_early = true;
                replica.cause = fmt::format("depends on {} with restart: true, which is {}", other,
                                            parent.fate == Fate::recreate ? "made anew" : "restarted");
                return;
            }
        }
    }

    void check_scale(const Service& service) {
        if (service.scale <= 1) return;
        const auto refuse = [&](const std::string& what) {
            problems_.invalid(fmt::format("service {} is scaled to {}, but {} can belong to one container only",
                                          service.name, service.scale, what));
        };
        if (!service.container_name.empty()) refuse("container_name " + service.container_name);
        for (const auto& [key, joined] : service.networks)
            if (!joined.ipv4_address.empty()) refuse("address " + joined.ipv4_address);
        for (const auto& port : service.ports)
            if (port.published != 0 && port.published_end <= port.published)
                refuse(fmt::format("published port {}", port.published));
    }

    void check_image(const Service& service, const std::vector<Replica>& replicas) {
        const bool needed = std::any_of(replicas.begin(), replicas.end(), [](const Replica& replica) {
            return replica.fate == Fate::create || replica.fate == Fate::recreate;
        });
        const std::string image = image_name(wanted_, service);
        if (!needed || seen_.image_ids.count(image)) return;
        problems_.missing(fmt::format(
            "image {} of service {} is missing: `hoist import FILE {}` makes it from a root "
            "file system's tar{}",
            image, service.name, image, service.build ? " (or from its `build:` with `hoist build`)" : ""));
    }

    void find_orphans() {
        if (!how_.remove_orphans) return;
        for (const auto& container : seen_.containers)
            // Another directory whose name is the same is another project, whatever the labels say.
            if (!container.one_off && !wanted_.services.count(container.service) &&
                container.working_dir == wanted_.working_dir && !std::holds_alternative<Removing>(container.state))
                result_.orphans.push_back(&container);
    }

    const Project& wanted_;
    const Observed& seen_;
    const UpOptions& how_;
    std::set<std::string> selected_, targets_;
    Decisions result_;
    Problems problems_;
};

}  // namespace

Decisions decide_up(const Project& wanted, const Observed& seen, const UpOptions& how) {
    return Decider(wanted, seen, how).run();
}

}  // namespace hoist::orchestrator
