// SPDX-License-Identifier: Apache-2.0
// `build`: how a service's image is made.
#include <fmt/format.h>

#include "compose/draft.h"

namespace hoist::compose {
namespace {

bool is_remote(std::string_view context) {
    return context.find("://") != std::string_view::npos || context.starts_with("git@") ||
           context.starts_with("github.com/");
}

/// Arguments, some without a value: those are the environment's, or not given at all.
void read_arguments(Values& values, const Node& node, std::map<std::string, std::string>& out) {
    if (!node.is_map()) return values.read("build.args", node, out);
    for (const auto& entry : node.entries) {
        if (!entry.value.is_null()) {
            if (values.is_text("build.args." + entry.key, entry.value)) out[entry.key] = entry.value.text;
            continue;
        }
        const auto& variables = values.context().sources.file(entry.key_where).variables;
        if (const auto value = variables ? value_of(*variables, entry.key) : std::nullopt) out[entry.key] = *value;
    }
}

void read_contexts(Values& values, const Node& node, std::map<std::string, std::string>& out) {
    values.read("build.additional_contexts", node, out);
    for (auto& [name, place] : out)
        if (!is_remote(place) && !place.starts_with("service:")) place = values.path_of(node, place);
}

/// `ssh: [default]`, `ssh: [id=path]` or a map.
void read_ssh(Values& values, const Node& node, std::map<std::string, std::string>& out) {
    values.read("build.ssh", node, out);
    for (auto& [id, path] : out)
        if (!path.empty()) path = values.path_of(node, path);
}

/// A switch that may also be a text of settings: true, "mode=max".
void read_switch_or_text(Values& values, const std::string& key, const Node& node, std::string& out) {
    if (values.is_text(key, node)) out = node.text;
}

}  // namespace

void decode_build(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    Build build;
    const Node* context = nullptr;
    Values& v = d.values;
    const auto text = [&](const char* name, std::string& out) {
        return [&v, name, &out](const Node& n) { v.read(name, n, out); };
    };
    const auto list = [&](const char* name, std::vector<std::string>& out) {
        return [&v, name, &out](const Node& n) { v.read(name, n, out); };
    };
    const auto flag = [&](const char* name, bool& out) {
        return [&v, name, &out](const Node& n) { v.read(name, n, out); };
    };
    read_fields(
        v, d.project, key, node,
        {{"context", [&](const Node& n) { context = &n, v.read("build.context", n, build.context); }},
         {"dockerfile", text("build.dockerfile", build.dockerfile)},
         {"dockerfile_inline", text("build.dockerfile_inline", build.dockerfile_inline)},
         {"args", [&](const Node& n) { read_arguments(v, n, build.args); }},
         {"target", text("build.target", build.target)},
         {"additional_contexts", [&](const Node& n) { read_contexts(v, n, build.additional_contexts); }},
         {"cache_from", list("build.cache_from", build.cache_from)},
         {"cache_to", list("build.cache_to", build.cache_to)},
         {"no_cache", flag("build.no_cache", build.no_cache)},
         {"no_cache_filter", list("build.no_cache_filter", build.no_cache_filter)},
         {"pull", flag("build.pull", build.pull)},
         {"network", text("build.network", build.network)},
         {"platforms", list("build.platforms", build.platforms)},
         {"tags", list("build.tags", build.tags)},
         {"labels", [&](const Node& n) { v.read("build.labels", n, build.labels); }},
         {"extra_hosts", [&](const Node& n) { read_extra_hosts(v, "build.extra_hosts", n, build.extra_hosts); }},
         {"shm_size", [&](const Node& n) { v.read("build.shm_size", n, build.shm_size); }},
         {"ulimits", [&](const Node& n) { read_ulimits(d, "build.ulimits", n, build.ulimits); }},
         {"secrets", [&](const Node& n) { read_grants(d, "build.secrets", n, "/run/secrets/", build.secrets); }},
         {"ssh", [&](const Node& n) { read_ssh(v, n, build.ssh); }},
         {"privileged", flag("build.privileged", build.privileged)},
         {"entitlements", list("build.entitlements", build.entitlements)},
         {"isolation", text("build.isolation", build.isolation), idle},
         {"provenance", [&](const Node& n) { read_switch_or_text(v, "build.provenance", n, build.provenance); }},
         {"sbom", [&](const Node& n) { read_switch_or_text(v, "build.sbom", n, build.sbom); }}});
    if (!node.is_map()) return;
    if (build.context.empty()) build.context = ".";
    if (!is_remote(build.context)) build.context = v.path_of(context ? *context : node, build.context);
    if (!build.dockerfile.empty() && !build.dockerfile_inline.empty())
        v.error("C09", node.find("dockerfile_inline")->where, "`build` has both `dockerfile` and `dockerfile_inline`",
                "keep one of them")
            .others.push_back(v.context().sources.span(node.find("dockerfile")->where, "the other"));
    d.service.build = std::move(build);
}

}  // namespace hoist::compose
