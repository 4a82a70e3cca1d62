// SPDX-License-Identifier: Apache-2.0
// What can be asked of a finished model: its services' hashes and their order.
#include "compose/model.h"

#include <set>

#include "base/error.h"
#include "compose/digest.h"

namespace hoist::compose {

std::string config_hash(const Service& service) {
    return sha256(hashed_json(service).dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::vector<std::string> dependency_order(const Project& project) {
    std::map<std::string, int> waits;  // service -> dependencies that are not yet in the order
    std::map<std::string, std::vector<std::string>> dependents;
    for (const auto& [name, service] : project.services) {
        waits.try_emplace(name, 0);
        for (const auto& [other, how] : service.depends_on) {
            if (!project.services.count(other)) continue;  // not required, and not active
            ++waits[name];
            dependents[other].push_back(name);
        }
    }
    std::set<std::string> ready;
    for (const auto& [name, count] : waits)
        if (count == 0) ready.insert(name);
    std::vector<std::string> order;
    while (!ready.empty()) {
        const std::string name = *ready.begin();
        ready.erase(ready.begin());
        order.push_back(name);
        for (const auto& other : dependents[name])
            if (--waits[other] == 0) ready.insert(other);
    }
    if (order.size() != project.services.size())
        fail(Kind::invalid, "project {}: its services depend on one another in a circle", project.name);
    return order;
}

}  // namespace hoist::compose
