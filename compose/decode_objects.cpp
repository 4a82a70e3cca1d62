// SPDX-License-Identifier: Apache-2.0
// The top level: networks, volumes, configs, secrets, and the file as a whole.
#include <fmt/format.h>

#include "compose/draft.h"
#include "compose/short_form.h"

namespace hoist::compose {
namespace {

/// `external: true`, or the old `external: {name: x}`.
void read_external(Values& values, ProjectDraft& project, const Node& node, bool& external, std::string& name) {
    if (!node.is_map()) return values.read("external", node, external);
    external = true;
    read_fields(values, project, "external", node,
                {{"name", [&](const Node& n) { values.read("external.name", n, name); }}});
}

void refuse_beside_external(Values& values, const Node& object, bool external) {
    if (!external) return;
    for (const auto& entry : object.entries)
        if (entry.key != "external" && entry.key != "name" && !entry.key.starts_with("x-"))
            values.error("C09", entry.key_where, fmt::format("`{}` has no meaning beside `external: true`", entry.key),
                         "remove one of the two");
}

void decode_ipam(Values& values, ProjectDraft& project, const Node& node, Network& network) {
    const auto subnet = [&](const Node& item) {
        Ipam ipam;
        read_fields(values, project, "ipam.config", item,
                    {{"subnet", [&](const Node& n) { values.read("subnet", n, ipam.subnet); }},
                     {"ip_range", [&](const Node& n) { values.read("ip_range", n, ipam.ip_range); }},
                     {"gateway", [&](const Node& n) { values.read("gateway", n, ipam.gateway); }},
                     {"aux_addresses", [&](const Node& n) { values.read("aux_addresses", n, ipam.aux_addresses); }}});
        network.ipam.push_back(std::move(ipam));
    };
    read_fields(values, project, "ipam", node,
                {{"driver", [&](const Node& n) { values.read("ipam.driver", n, network.ipam_driver); }},
                 {"options", [&](const Node& n) { values.read("ipam.options", n, network.ipam_options); }, idle},
                 {"config", [&](const Node& n) {
                      if (!values.is_list("ipam.config", n)) return;
                      for (const auto& item : n.items) subnet(item);
                  }}});
}

void decode_network(Context& context, ProjectDraft& project, const Entry& entry) {
    Values values(context, fmt::format("network \"{}\"", entry.key));
    Network network{.key = entry.key};
    project.networks[entry.key] = entry.key_where;
    if (!entry.value.is_null())
        read_fields(
            values, project, "", entry.value,
            {{"name", [&](const Node& n) { values.read("name", n, network.name); }},
             {"driver", [&](const Node& n) { values.read("driver", n, network.driver); }},
             {"driver_opts", [&](const Node& n) { values.read("driver_opts", n, network.driver_opts); }},
             {"ipam", [&](const Node& n) { decode_ipam(values, project, n, network); }},
             {"internal", [&](const Node& n) { values.read("internal", n, network.internal); }},
             {"enable_ipv4", [&](const Node& n) { values.read("enable_ipv4", n, network.enable_ipv4); }, idle},
             {"enable_ipv6", [&](const Node& n) { values.read("enable_ipv6", n, network.enable_ipv6); }, idle},
             {"attachable", [&](const Node& n) { values.read("attachable", n, network.attachable); }},
             {"labels", [&](const Node& n) { values.read("labels", n, network.labels); }},
             {"external", [&](const Node& n) { read_external(values, project, n, network.external, network.name); }}});
    refuse_beside_external(values, entry.value, network.external);
    project.project.networks[entry.key] = std::move(network);
}

void decode_volume(Context& context, ProjectDraft& project, const Entry& entry) {
    Values values(context, fmt::format("volume \"{}\"", entry.key));
    Volume volume{.key = entry.key};
    project.volumes[entry.key] = entry.key_where;
    if (!entry.value.is_null())
        read_fields(
            values, project, "", entry.value,
            {{"name", [&](const Node& n) { values.read("name", n, volume.name); }},
             {"driver", [&](const Node& n) { values.read("driver", n, volume.driver); }},
             {"driver_opts", [&](const Node& n) { values.read("driver_opts", n, volume.driver_opts); }},
             {"labels", [&](const Node& n) { values.read("labels", n, volume.labels); }},
             {"external", [&](const Node& n) { read_external(values, project, n, volume.external, volume.name); }}});
    refuse_beside_external(values, entry.value, volume.external);
    const auto options = volume.driver_opts.find("o");
    const auto device = volume.driver_opts.find("device");
    if (device != volume.driver_opts.end() && options != volume.driver_opts.end() &&
        options->second.find("bind") != std::string::npos)
        device->second = values.path_of(*entry.value.find("driver_opts"), device->second);
    project.project.volumes[entry.key] = std::move(volume);
}

void decode_file_object(Context& context, ProjectDraft& project, const Entry& entry, bool secret) {
    Values values(context, fmt::format("{} \"{}\"", secret ? "secret" : "config", entry.key));
    FileObject object{.key = entry.key};
    auto& places = secret ? project.secrets : project.configs;
    places[entry.key] = entry.key_where;
    int sources = 0;
    read_fields(
        values, project, "", entry.value,
        {{"name", [&](const Node& n) { values.read("name", n, object.name); }},
         {"file",
          [&](const Node& n) { values.read_path("file", n, object.file), ++sources, places[entry.key] = n.where; }},
         {"content", [&](const Node& n) { values.read("content", n, object.content), ++sources; }},
         {"environment",
          [&](const Node& n) {
              values.read("environment", n, object.environment), ++sources;
              const auto& variables = context.sources.file(n.where).variables;
              object.content = variables ? value_of(*variables, object.environment) : std::nullopt;
              if (object.content) return;
              values.warning("C06", n.where,
                             fmt::format("variable \"{}\" is not set; the content is empty", object.environment));
              object.content = "";
          }},
         {"external", [&](const Node& n) { read_external(values, project, n, object.external, object.name); }},
         {"labels", [&](const Node& n) { values.read("labels", n, object.labels); }},
         {"driver", [&](const Node& n) { values.read("driver", n, object.driver); }, idle},
         {"driver_opts", [&](const Node& n) { values.read("driver_opts", n, object.driver_opts); }, idle},
         {"template_driver", [&](const Node& n) { values.read("template_driver", n, object.template_driver); }, idle},
         {"x-on-change", [&](const Node& n) { read_on_change(values, project, n, object.on_change); }}});
    refuse_beside_external(values, entry.value, object.external);
    if (sources != 1 && !object.external)
        values.error("C09", entry.key_where,
                     sources ? "more than one of `file`, `content` and `environment` is given"
                             : "one of `file`, `content` and `environment` is needed");
    (secret ? project.project.secrets : project.project.configs)[entry.key] = std::move(object);
}

/// Models of a model runner: there is none here.
void decode_models(Context& context, ProjectDraft& project, const Entry& models) {
    Values values(context, "");
    if (!values.is_map("models", models.value)) return;
    for (const auto& entry : models.value.entries) {
        Values of_model(context, fmt::format("model \"{}\"", entry.key));
        std::string text;
        std::int64_t size = 0;
        std::vector<std::string> flags;
        read_fields(of_model, project, "", entry.value,
                    {{"name", [&](const Node& n) { of_model.read("name", n, text); }},
                     {"model", [&](const Node& n) { of_model.read("model", n, text); }},
                     {"context_size", [&](const Node& n) { of_model.read("context_size", n, size); }},
                     {"runtime_flags", [&](const Node& n) { of_model.read("runtime_flags", n, flags); }}});
        if (entry.value.is_map() && !entry.value.find("model"))
            of_model.error("C04", entry.key_where, "`model` is missing");
    }
    project.no_effect.emplace_back("models", models.key_where);
    project.project.models = Values::json_of(models.value);
}

const std::vector<std::string>& top_level_keys() {
    static const std::vector<std::string> keys = {"name",    "version", "services", "networks", "volumes",
                                                  "configs", "secrets", "include",  "models"};
    return keys;
}

void unknown_top_level(Context& context, const Entry& entry) {
    Values values(context, "");
    const auto& keys = service_keys();
    const bool of_service =
        std::any_of(keys.begin(), keys.end(), [&](const ServiceKey& k) { return entry.key == k.name; });
    if (of_service) {
        values.error("C03", entry.key_where,
                     fmt::format("\"{}\" is a key of a service; this is the top level", entry.key),
                     "is `services:` missing above it, or its indentation wrong?");
    } else if (entry.value.is_map() && (entry.value.find("image") || entry.value.find("build"))) {
        values.error("C03", entry.key_where,
                     fmt::format("unknown key \"{}\" at the top level; it looks like a service", entry.key),
                     "put it below `services:`");
    } else {
        unknown_key(values, "", entry, top_level_keys(),
                    {{"service", "services"}, {"network", "networks"}, {"volume", "volumes"}});
    }
}

}  // namespace

void decode_objects(Context& context, ProjectDraft& project, const Node& tree) {
    Values values(context, "");
    const auto each = [&](const char* key, auto&& decode) {
        const Node* node = tree.find(key);
        if (!node || !values.is_map(key, *node)) return;
        for (const auto& entry : node->entries) decode(entry);
    };
    each("networks", [&](const Entry& e) { decode_network(context, project, e); });
    each("volumes", [&](const Entry& e) { decode_volume(context, project, e); });
    each("configs", [&](const Entry& e) { decode_file_object(context, project, e, false); });
    each("secrets", [&](const Entry& e) { decode_file_object(context, project, e, true); });
}

ProjectDraft decode_project(Context& context, const Node& tree) {
    ProjectDraft project;
    Values values(context, "");
    for (const auto& entry : tree.entries) {
        if (entry.key == "version")
            project.no_effect.emplace_back("version", entry.key_where);
        else if (entry.key == "models")
            decode_models(context, project, entry);
        else if (entry.key.starts_with("x-"))
            project.project.extensions[entry.key] = Values::json_of(entry.value);
        else if (entry.key == "name")
            values.read("name", entry.value, project.project.name);
        else if (std::find(top_level_keys().begin(), top_level_keys().end(), entry.key) == top_level_keys().end())
            unknown_top_level(context, entry);
    }
    const Node* services = tree.find("services");
    if (services && values.is_map("services", *services))
        for (const auto& entry : services->entries) decode_service(context, project, entry);
    decode_objects(context, project, tree);
    if (project.services.empty() && !context.report.failed())
        values.error("C04", services ? services->where : tree.where, "there are no services",
                     "a Compose file needs `services:` with at least one service below it");
    return project;
}

}  // namespace hoist::compose
