// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/container_row.h"

#include "base/error.h"

namespace hoist::orchestrator {
namespace {

std::int64_t stamp(TimePoint time) {
    return time.time_since_epoch().count();
}
TimePoint time_of(const Json& object, const char* key) {
    return TimePoint(Nanoseconds(json_value<std::int64_t>(object, key, 0)));
}

Json exit_to_json(const Exit& exit) {
    return {{"code", exit.code},
            {"oom_killed", exit.oom_killed},
            {"started_at", stamp(exit.started_at)},
            {"finished_at", stamp(exit.finished_at)},
            {"error", exit.error}};
}
Exit exit_from_json(const Json& object) {
    return {json_value(object, "code", 0), json_value(object, "oom_killed", false), time_of(object, "started_at"),
            time_of(object, "finished_at"), json_value<std::string>(object, "error", "")};
}

Json endpoint_to_json(const EndpointState& endpoint) {
    return {{"network", endpoint.network.str()},
            {"network_name", endpoint.network_name},
            {"address", endpoint.address},
            {"gateway", endpoint.gateway},
            {"mac", endpoint.mac},
            {"interface", endpoint.interface_name},
            {"prefix", endpoint.prefix},
            {"aliases", endpoint.aliases}};
}
EndpointState endpoint_from_json(const Json& object) {
    EndpointState endpoint;
    endpoint.network = NetworkId(json_value<std::string>(object, "network", ""));
    endpoint.network_name = json_value<std::string>(object, "network_name", "");
    endpoint.address = json_value<std::string>(object, "address", "");
    endpoint.gateway = json_value<std::string>(object, "gateway", "");
    endpoint.mac = json_value<std::string>(object, "mac", "");
    endpoint.interface_name = json_value<std::string>(object, "interface", "");
    endpoint.prefix = json_value(object, "prefix", 0);
    endpoint.aliases = json_value(object, "aliases", std::vector<std::string>{});
    return endpoint;
}

void write_state(Json& object, const State& state) {
    object["status"] = status_word(state);
    if (const auto* running = std::get_if<Running>(&state))
        object["pid"] = running->pid, object["since"] = stamp(running->since), object["oom"] = running->oom_killed;
    if (const auto* restarting = std::get_if<Restarting>(&state))
        object["exit"] = exit_to_json(restarting->last), object["at"] = stamp(restarting->at);
    if (const auto* exited = std::get_if<Exited>(&state)) object["exit"] = exit_to_json(exited->last);
}
State read_state(const Json& object) {
    const auto word = json_value<std::string>(object, "status", "created");
    const auto exit = exit_from_json(json_value(object, "exit", Json::object()));
    if (word == "running" || word == "paused")
        return Running{json_value(object, "pid", 0), time_of(object, "since"), word == "paused",
                       json_value(object, "oom", false)};
    if (word == "restarting") return Restarting{exit, time_of(object, "at")};
    if (word == "exited") return Exited{exit};
    if (word == "removing") return Removing{};
    return Created{};
}

Health health_of(const std::string& word) {
    for (const auto health : {Health::starting, Health::healthy, Health::unhealthy})
        if (word == to_string(health)) return health;
    return Health::none;
}

}  // namespace

std::string project_of(const ContainerSpec& spec) {
    const auto label = spec.labels.find("com.docker.compose.project");
    return label == spec.labels.end() ? "" : label->second;
}

std::string text_of(const ContainerSpec& spec) {
    return to_json(spec).dump(-1, ' ', false, Json::error_handler_t::replace);
}

storage::ContainerRow container_row(const ContainerView& view, const std::string& spec_text) {
    Json state;
    write_state(state, view.state);
    state["created"] = stamp(view.created);
    state["argv"] = view.argv;
    state["image_reference"] = view.image_reference;
    state["restart_count"] = view.restart_count;
    state["stopped_by_user"] = view.stopped_by_user;
    if (view.limits_pending) state["limits_pending"] = true;
    state["health"] = to_string(view.health.status);
    state["failing_streak"] = view.health.failing_streak;
    for (const auto& endpoint : view.endpoints) state["endpoints"].push_back(endpoint_to_json(endpoint));
    for (const auto& port : view.ports)
        state["ports"].push_back({{"host_ip", port.host_ip},
                                  {"host_port", port.host_port},
                                  {"container_port", port.container_port},
                                  {"protocol", port.protocol}});
    // An image's or user's text need not be UTF-8; the row must be.
    return {view.id, view.name, project_of(view.spec), spec_text,
            state.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

ContainerView view_of(const storage::ContainerRow& row) {
    ContainerView view;
    view.id = row.id;
    view.name = row.name;
    view.spec = container_spec_from_json(parse_json(row.spec, "container " + row.id.shortened()));
    const auto state = parse_json(row.state, "container " + row.id.shortened());
    view.state = read_state(state);
    view.created = time_of(state, "created");
    view.argv = json_value(state, "argv", std::vector<std::string>{});
    view.image_reference = json_value<std::string>(state, "image_reference", "");
    view.restart_count = json_value(state, "restart_count", 0);
    view.stopped_by_user = json_value(state, "stopped_by_user", false);
    view.limits_pending = json_value(state, "limits_pending", false);
    view.health.status = health_of(json_value<std::string>(state, "health", "none"));
    view.health.failing_streak = json_value(state, "failing_streak", 0);
    for (const auto& endpoint : json_value(state, "endpoints", Json::array()))
        view.endpoints.push_back(endpoint_from_json(endpoint));
    for (const auto& port : json_value(state, "ports", Json::array()))
        view.ports.push_back(
            {json_value<std::string>(port, "host_ip", ""), json_value<std::uint16_t>(port, "host_port", 0),
             json_value<std::uint16_t>(port, "container_port", 0), json_value<std::string>(port, "protocol", "tcp")});
    return view;
}

}  // namespace hoist::orchestrator
