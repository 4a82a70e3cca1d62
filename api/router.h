#pragma once
// SPDX-License-Identifier: Apache-2.0
// Which handler answers which request.

#include <boost/asio/cancellation_signal.hpp>
#include <list>
#include <string_view>
#include <vector>

#include "api/exchange.h"
#include "orchestrator/engine.h"
#include "orchestrator/projects.h"

namespace hoist::api {

/// Coroutines that outlive their request, such as those that drain a detached exec. Ended by cancel().
class Background {
public:
    explicit Background(asio::io_context& context) : context_(context) {}
    void spawn(asio::awaitable<void> work);
    void cancel();

private:
    asio::io_context& context_;
    std::list<asio::cancellation_signal> running_;
};

/// What handlers work on.
struct Services {
    orchestrator::Engine& engine;
    orchestrator::Projects& projects;
    Background& background;
};

using Handler = asio::awaitable<void> (*)(Exchange&, Services&);

/// Whether a handler is cancelled when its client hangs up.
enum class WhenGone { go_on, cancel };

struct Route {
    std::string_view method;
    /// "/containers/{id}/json"; "{name...}" matches one or more segments (image names hold slashes).
    std::string_view pattern;
    Handler handler;
    WhenGone when_gone = WhenGone::go_on;
};

// One function per file of handlers.
std::vector<Route> system_routes();
std::vector<Route> event_routes();
std::vector<Route> container_routes();
std::vector<Route> container_create_routes();
std::vector<Route> container_action_routes();
std::vector<Route> container_update_routes();
std::vector<Route> stats_routes();
std::vector<Route> top_routes();
std::vector<Route> log_routes();
std::vector<Route> attach_routes();
std::vector<Route> exec_routes();
std::vector<Route> archive_routes();
std::vector<Route> prune_routes();
std::vector<Route> swarm_routes();
std::vector<Route> image_routes();
std::vector<Route> image_archive_routes();
std::vector<Route> registry_routes();
std::vector<Route> disk_usage_routes();
std::vector<Route> network_routes();
std::vector<Route> volume_routes();
std::vector<Route> project_routes();
std::vector<Route> kept_object_routes();

const std::vector<Route>& all_routes();

/// Finds the route and fills request.parameters. nullptr: there is none.
const Route* find_route(const std::vector<Route>& routes, Request& request);

}  // namespace hoist::api
