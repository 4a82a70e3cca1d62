// SPDX-License-Identifier: Apache-2.0
#include "api/container_json.h"
#include "orchestrator/log_config.h"
#include "wire/time.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

/// What is known of the last end, in the states that have one.
const Exit* last_exit(const State& state) {
    if (const auto* exited = std::get_if<Exited>(&state)) return &exited->last;
    if (const auto* restarting = std::get_if<Restarting>(&state)) return &restarting->last;
    return nullptr;
}

Json health_json(const HealthState& health) {
    Json log = Json::array();
    for (const auto& probe : health.log)
        log.push_back({{"Start", format_time(probe.start)},
                       {"End", format_time(probe.end)},
                       {"ExitCode", probe.exit_code},
                       {"Output", probe.output}});
    return {{"Status", to_string(health.status)}, {"FailingStreak", health.failing_streak}, {"Log", std::move(log)}};
}

Json state_json(const ContainerView& view) {
    const auto* running = std::get_if<Running>(&view.state);
    const Exit* last = last_exit(view.state);
    Json state = {{"Status", status_word(view.state)},
                  {"Running", running != nullptr || std::holds_alternative<Restarting>(view.state)},
                  {"Paused", running && running->paused},
                  {"Restarting", std::holds_alternative<Restarting>(view.state)},
                  {"OOMKilled", running ? running->oom_killed : last && last->oom_killed},
                  {"Dead", false},
                  {"Pid", running ? running->pid : 0},
                  {"ExitCode", last ? last->code : 0},
                  {"Error", last ? last->error : ""},
                  {"StartedAt",
                   running ? format_time(running->since) : wire::time_or_never(last ? last->started_at : TimePoint{})},
                  {"FinishedAt", wire::time_or_never(last ? last->finished_at : TimePoint{})}};
    if (view.log_lost_bytes > 0) state["LogLostBytes"] = view.log_lost_bytes;  // ours
    if (view.health.status != Health::none) state["Health"] = health_json(view.health);
    return state;
}

Json health_config(const HealthSpec& health) {
    return {{"Test", health.test},
            {"Interval", health.interval.count()},
            {"Timeout", health.timeout.count()},
            {"StartPeriod", health.start_period.count()},
            {"StartInterval", health.start_interval.count()},
            {"Retries", health.retries}};
}

Json config_json(const ContainerView& view) {
    const auto& spec = view.spec;
    Json config = {{"Hostname", spec.hostname.empty() ? view.id.shortened() : spec.hostname},
                   {"Domainname", spec.domainname},
                   {"User", spec.user},
                   {"AttachStdin", false},
                   {"AttachStdout", !spec.open_stdin},
                   {"AttachStderr", !spec.open_stdin},
                   {"Tty", spec.tty},
                   {"OpenStdin", spec.open_stdin},
                   {"StdinOnce", spec.stdin_once},
                   {"Env", spec.environment},
                   {"Cmd", spec.command ? Json(*spec.command) : Json()},
                   {"Entrypoint", spec.entrypoint ? Json(*spec.entrypoint) : Json()},
                   {"Image", spec.image},
                   {"Volumes", nullptr},
                   {"WorkingDir", spec.working_dir},
                   {"OnBuild", nullptr},
                   {"Labels", spec.labels},
                   {"StopSignal", spec.stop_signal.empty() ? "SIGTERM" : spec.stop_signal}};
    if (spec.stop_timeout) config["StopTimeout"] = spec.stop_timeout->count();
    if (spec.health) config["Healthcheck"] = health_config(*spec.health);
    for (const auto& port : spec.ports)
        config["ExposedPorts"][fmt::format("{}/{}", port.container_port, port.protocol)] = Json::object();
    return config;
}

Json network_settings(const ContainerView& view) {
    Json settings = {{"Networks", networks_json(view)},
                     {"Ports", Json::object()},
                     {"SandboxID", ""},
                     {"SandboxKey", ""},
                     {"Bridge", ""},
                     {"IPAddress", ""},
                     {"IPPrefixLen", 0},
                     {"Gateway", ""},
                     {"MacAddress", ""}};
    for (const auto& port : view.spec.ports) {
        // Present, and null while nothing is bound: docker's form of an exposed port.
        settings["Ports"].emplace(fmt::format("{}/{}", port.container_port, port.protocol), Json());
    }
    for (const auto& port : view.ports)
        settings["Ports"][fmt::format("{}/{}", port.container_port, port.protocol)].push_back(
            {{"HostIp", port.host_ip.empty() ? "0.0.0.0" : port.host_ip},
             {"HostPort", std::to_string(port.host_port)}});
    if (!view.endpoints.empty()) {
        const auto& first = view.endpoints.front();
        settings["IPAddress"] = first.address;
        settings["IPPrefixLen"] = first.prefix;
        settings["Gateway"] = first.gateway;
        settings["MacAddress"] = first.mac;
    }
    return settings;
}

}  // namespace

Json container_details(const ContainerView& view, const Engine& engine) {
    const std::string directory = engine.layout().container(view.id);
    return {{"Id", view.id.str()},
            {"Created", format_time(view.created)},
            {"Path", view.argv.empty() ? "" : view.argv.front()},
            {"Args", view.argv.empty() ? std::vector<std::string>{}
                                       : std::vector<std::string>(view.argv.begin() + 1, view.argv.end())},
            {"State", state_json(view)},
            {"Image", view.spec.image_id},
            {"ResolvConfPath", directory + "/resolv.conf"},
            {"HostnamePath", directory + "/hostname"},
            {"HostsPath", directory + "/hosts"},
            {"LogPath", log_path(view)},
            {"Name", "/" + view.name},
            {"RestartCount", view.restart_count},
            {"Driver", "overlayfs"},
            {"Platform", "linux"},
            {"MountLabel", ""},
            {"ProcessLabel", ""},
            {"AppArmorProfile", ""},
            {"ExecIDs", nullptr},
            {"HostConfig", host_config_json(view.spec)},
            {"GraphDriver", {{"Name", "overlayfs"}, {"Data", {{"UpperDir", directory + "/upper"}}}}},
            {"Mounts", mounts_json(view.spec, engine.layout().volumes())},
            {"Config", config_json(view)},
            {"NetworkSettings", network_settings(view)}};
}

}  // namespace hoist::api
