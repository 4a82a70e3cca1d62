// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

namespace hoist::api {

std::vector<Route> build_routes();

const std::vector<Route>& all_routes() {
    static const std::vector<Route> routes = [] {
        std::vector<Route> all;
        for (const auto& group :
             {system_routes(), event_routes(), container_routes(), container_create_routes(), container_action_routes(),
              container_update_routes(), stats_routes(), top_routes(), log_routes(), attach_routes(), exec_routes(),
              archive_routes(), prune_routes(), swarm_routes(), image_archive_routes(), registry_routes(),
              disk_usage_routes(), image_routes(), build_routes(), network_routes(), volume_routes(), project_routes(),
              kept_object_routes()})
            all.insert(all.end(), group.begin(), group.end());
        return all;
    }();
    return routes;
}

}  // namespace hoist::api
