#pragma once
// SPDX-License-Identifier: Apache-2.0
// The first half of planning `up`: what becomes of each container, before any order is thought of. Pure.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/plan.h"

namespace hoist::orchestrator {

enum class Fate {
    keep,      ///< runs, or has done its job
    start,     ///< exists and is stopped
    create,    ///< does not exist
    recreate,  ///< exists, but not as wanted
    restart,   ///< as wanted, but depends with `restart: true` on what is replaced
};

/// One container that is wanted.
struct Replica {
    std::string service, name;
    int number = 1;
    const ObservedContainer* existing = nullptr;
    Fate fate = Fate::keep;
    std::string cause;
    bool on_changed_network = false;       ///< must be gone before its network can be made anew
    bool stops_early = false;              ///< is stopped before what it depends on is replaced
    bool waits_for_schedule = false;       ///< is started at its times, not now
    std::vector<std::string> stale_files;  ///< targets whose content is another now, which needs no new container
    bool will_start() const { return fate != Fate::keep && !waits_for_schedule; }
};

struct Decisions {
    std::vector<std::string> order;  ///< the services that take part, dependencies first
    std::map<std::string, std::vector<Replica>> replicas;
    std::vector<std::pair<const ObservedContainer*, std::string>> surplus;  ///< to be removed, and why
    std::vector<const ObservedContainer*> orphans;                          ///< to be removed
    std::set<std::string> changed_networks;                                 ///< keys
};

/// @throws Error(not_found, invalid) with everything that is missing or cannot be satisfied
Decisions decide_up(const compose::Project& wanted, const Observed& seen, const UpOptions& how);

/// `services` and, transitively, what they depend on; all if empty. @throws Error(not_found) for an unknown name
std::set<std::string> select_services(const compose::Project& project, const std::vector<std::string>& services,
                                      bool with_dependencies);
/// Whether the finished container of this service is what others wait for.
bool is_job(const compose::Project& project, const std::string& service);
bool has_healthcheck(const compose::Project& wanted, const Observed& seen, const compose::Service& service);
/// "environment.PHP_VERSION changed", from the model applied last if that is what the container was made from.
std::string describe_change(const compose::Service& service, const Observed& seen, const ObservedContainer& container);
/// What is missing or contradictory before anything is done: images, external networks and volumes, and so on.
class Problems {
public:
    void missing(std::string text);
    void invalid(std::string text);
    void throw_if_any(const std::string& project) const;

private:
    std::vector<std::string> missing_, invalid_;
};

}  // namespace hoist::orchestrator
