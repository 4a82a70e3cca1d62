// SPDX-License-Identifier: Apache-2.0
#include "api/container_json.h"

#include "wire/time.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

std::string health_note(const ContainerView& view) {
    switch (view.health.status) {
        case Health::none:
            return "";
        case Health::starting:
            return " (health: starting)";
        case Health::healthy:
            return " (healthy)";
        case Health::unhealthy:
            return " (unhealthy)";
    }
    return "";
}

std::string ago(TimePoint then, TimePoint present) {
    return human_duration(std::max(present - then, Nanoseconds(0)));
}

Json port_list(const ContainerView& view) {
    Json ports = Json::array();
    for (const auto& port : view.ports) {
        Json entry = {{"PrivatePort", port.container_port}, {"Type", port.protocol}};
        if (port.host_port) {
            entry["IP"] = port.host_ip.empty() ? "0.0.0.0" : port.host_ip;
            entry["PublicPort"] = port.host_port;
        }
        ports.push_back(std::move(entry));
    }
    return ports;
}

Json mount_json(const MountSpec& mount, const std::string& volumes) {
    Json entry = {{"Source", mount.source},
                  {"Destination", mount.target},
                  {"Mode", mount.read_only ? "ro" : "rw"},
                  {"RW", !mount.read_only},
                  {"Propagation", mount.propagation}};
    switch (mount.type) {
        case MountSpec::Type::bind:
            entry["Type"] = "bind";
            if (mount.propagation.empty()) entry["Propagation"] = "rprivate";
            break;
        case MountSpec::Type::volume:
            entry["Type"] = "volume";
            entry["Name"] = mount.source;
            entry["Source"] = volumes + "/" + mount.source + "/_data";
            entry["Driver"] = "local";
            break;
        case MountSpec::Type::tmpfs:
            entry["Type"] = "tmpfs";
            entry["Source"] = "";
            break;
    }
    return entry;
}

}  // namespace

std::string status_text(const ContainerView& view, TimePoint present) {
    if (const auto* running = std::get_if<Running>(&view.state))
        return "Up " + ago(running->since, present) + (running->paused ? " (Paused)" : health_note(view));
    if (const auto* restarting = std::get_if<Restarting>(&view.state))
        return fmt::format("Restarting ({}) {} ago", restarting->last.code, ago(restarting->last.finished_at, present));
    if (const auto* exited = std::get_if<Exited>(&view.state))
        return fmt::format("Exited ({}) {} ago", exited->last.code, ago(exited->last.finished_at, present));
    if (std::holds_alternative<Removing>(view.state)) return "Removal In Progress";
    return "Created";
}

Json networks_json(const ContainerView& view) {
    Json networks = Json::object();
    for (const auto& endpoint : view.endpoints) {
        networks[endpoint.network_name] = {{"NetworkID", endpoint.network.str()},
                                           {"EndpointID", endpoint.address.empty() ? "" : view.id.str()},
                                           {"IPAddress", endpoint.address},
                                           {"IPPrefixLen", endpoint.prefix},
                                           {"Gateway", endpoint.gateway},
                                           {"MacAddress", endpoint.mac},
                                           {"Aliases", endpoint.aliases},
                                           {"DNSNames", endpoint.aliases},
                                           {"IPAMConfig", nullptr},
                                           {"Links", nullptr},
                                           {"DriverOpts", nullptr},
                                           {"GwPriority", 0},
                                           {"IPv6Gateway", ""},
                                           {"GlobalIPv6Address", ""},
                                           {"GlobalIPv6PrefixLen", 0}};
    }
    if (view.spec.network_mode == "host" || view.spec.network_mode == "none")
        networks[view.spec.network_mode] = {{"NetworkID", view.spec.network_mode}, {"IPAddress", ""}};
    return networks;
}

Json mounts_json(const ContainerSpec& spec, const std::string& volumes) {
    Json mounts = Json::array();
    for (const auto& mount : spec.mounts) mounts.push_back(mount_json(mount, volumes));
    return mounts;
}

Json container_summary(const ContainerView& view, TimePoint present, const std::string& volumes) {
    std::string command;
    for (const auto& word : view.argv) command += (command.empty() ? "" : " ") + word;
    return {{"Id", view.id.str()},
            {"Names", {"/" + view.name}},
            {"Image", view.image_reference},
            {"ImageID", view.spec.image_id},
            {"Command", command},
            {"Created", wire::unix_seconds(view.created)},
            {"Ports", port_list(view)},
            {"Labels", view.spec.labels},
            {"State", status_word(view.state)},
            {"Status", status_text(view, present)},
            {"HostConfig", {{"NetworkMode", view.spec.network_mode}}},
            {"NetworkSettings", {{"Networks", networks_json(view)}}},
            {"Mounts", mounts_json(view.spec, volumes)}};
}

}  // namespace hoist::api
