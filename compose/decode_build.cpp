// SPDX-License-Identifier: Apache-2.0
// `build`, kept in its long form for the builder.
#include <fmt/format.h>

#include "compose/draft.h"

namespace hoist::compose {

namespace {

/// Numbers and bools of a map as the texts that they are for a build.
void as_texts(Json& map) {
    for (auto& value : map)
        if (value.is_number() || value.is_boolean()) value = value.dump();
}

}  // namespace

void decode_build(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    Json build = Json::object();
    std::vector<Field> fields;
    for (const char* name : {"dockerfile",
                             "dockerfile_inline",
                             "args",
                             "target",
                             "additional_contexts",
                             "cache_from",
                             "cache_to",
                             "no_cache",
                             "no_cache_filter",
                             "pull",
                             "network",
                             "platforms",
                             "tags",
                             "labels",
                             "extra_hosts",
                             "shm_size",
                             "ulimits",
                             "secrets",
                             "ssh",
                             "privileged",
                             "entitlements",
                             "isolation",
                             "provenance",
                             "sbom"})
        fields.push_back({name, [&build, name](const Node& n) {
                              if (n.is_null()) return;
                              build[name] = Values::json_of(n);
                              if (std::string_view(name) == "args" || std::string_view(name) == "labels")
                                  as_texts(build[name]);
                          }});
    fields.push_back({"context", [&](const Node& n) {
                          std::string context;
                          d.values.read("build.context", n, context);
                          const bool remote = context.find("://") != std::string::npos || context.starts_with("git@");
                          build["context"] = remote ? context : d.values.path_of(n, context);
                      }});
    read_fields(d.values, d.project, key, node, fields);
    if (!build.contains("context")) build["context"] = d.values.path_of(node, ".");
    if (build.contains("dockerfile") && build.contains("dockerfile_inline"))
        d.values.error("C09", node.where, "`build` has both `dockerfile` and `dockerfile_inline`", "keep one of them");
    d.service.has_build = true;
    d.service.build = std::move(build);
}

}  // namespace hoist::compose
