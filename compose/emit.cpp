// SPDX-License-Identifier: Apache-2.0
// The canonical form of a project: long forms, sorted keys, nothing that is a default.
#include "compose/emit.h"

#include "compose/loader.h"
#include "compose/write_yaml.h"

namespace hoist::compose {
namespace {

Out network_out(const Network& network) {
    Out out;
    put(out, "name", network.name), put(out, "external", network.external);
    if (network.external) return out;
    put(out, "driver", network.driver), put(out, "internal", network.internal),
        put(out, "enable_ipv6", network.enable_ipv6);
    put(out, "enable_ipv4", network.enable_ipv4), put(out, "attachable", network.attachable),
        put(out, "driver_opts", network.driver_opts), put(out, "labels", network.labels);
    if (!network.ipam_driver.empty()) put(out["ipam"], "driver", network.ipam_driver);
    if (!network.ipam_options.empty()) put(out["ipam"], "options", network.ipam_options);
    for (const auto& ipam : network.ipam) {
        Out entry;
        put(entry, "subnet", ipam.subnet), put(entry, "ip_range", ipam.ip_range), put(entry, "gateway", ipam.gateway);
        put(entry, "aux_addresses", ipam.aux_addresses);
        out["ipam"]["config"].push_back(std::move(entry));
    }
    return out;
}

Out volume_out(const Volume& volume) {
    Out out;
    put(out, "name", volume.name), put(out, "external", volume.external);
    put(out, "driver", volume.driver), put(out, "driver_opts", volume.driver_opts), put(out, "labels", volume.labels);
    return out;
}

Out file_object_out(const FileObject& object) {
    Out out;
    put(out, "name", object.name), put(out, "external", object.external), put(out, "file", object.file);
    if (!object.environment.empty())
        put(out, "environment", object.environment);
    else if (object.content)
        out["content"] = literal(*object.content);
    put(out, "labels", object.labels), put(out, "driver", object.driver), put(out, "driver_opts", object.driver_opts);
    put(out, "template_driver", object.template_driver);
    if (object.on_change) out["x-on-change"] = on_change_out(*object.on_change);
    return out;
}

}  // namespace

nlohmann::ordered_json canonical(const Project& project) {
    Out out;
    out["name"] = project.name;
    for (const auto& [name, service] : project.services) out["services"][name] = service_out(service);
    for (const auto& [key, network] : project.networks) out["networks"][key] = network_out(network);
    for (const auto& [key, volume] : project.volumes) out["volumes"][key] = volume_out(volume);
    for (const auto& [key, object] : project.configs) out["configs"][key] = file_object_out(object);
    for (const auto& [key, object] : project.secrets) out["secrets"][key] = file_object_out(object);
    if (!project.models.is_null()) out["models"] = literal_json(project.models);
    for (const auto& [key, value] : project.extensions.items()) out[key] = literal_json(value);
    return out;
}

std::string to_yaml(const Project& project) {
    return write_yaml(canonical(project));
}

}  // namespace hoist::compose
