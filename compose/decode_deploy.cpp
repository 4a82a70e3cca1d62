// SPDX-License-Identifier: Apache-2.0
// `deploy`: replicas, limits, restart and update rules; what only a cluster could do is read and set aside.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compose/draft.h"

namespace hoist::compose {
namespace {

/// `deploy` has twins at the level above; both given and different is a mistake.
template <class T>
void set_twin(ServiceDecoder& d, const Node& node, const char* here, const char* there, std::optional<T>& twin) {
    std::optional<T> value;
    d.values.read(here, node, value);
    if (!value) return;
    if (twin && *twin != *value)
        d.values.error("C09", node.where, fmt::format("`{}` and `{}` differ", here, there), "keep one of them")
            .others.push_back(d.values.context().sources.span(d.draft.place(there), there));
    twin = value;
}

void read_generic_resources(ServiceDecoder& d, const Node& node) {
    if (!d.values.is_list("generic_resources", node)) return;
    const auto text = [&](const Node& n) { d.values.is_text("generic_resources", n); };
    for (const auto& item : node.items)
        read_fields(
            d.values, d.project, "generic_resources", item,
            {{"discrete_resource_spec", [&](const Node& n) {
                  read_fields(d.values, d.project, "discrete_resource_spec", n, {{"kind", text}, {"value", text}});
              }}});
}

void read_placement(ServiceDecoder& d, const Node& node) {
    std::vector<std::string> constraints;
    int most = 0;
    std::string spread;
    read_fields(d.values, d.project, "deploy.placement", node,
                {{"constraints", [&](const Node& n) { d.values.read("constraints", n, constraints); }},
                 {"preferences",
                  [&](const Node& n) {
                      if (!d.values.is_list("preferences", n)) return;
                      for (const auto& item : n.items)
                          read_fields(d.values, d.project, "preferences", item,
                                      {{"spread", [&](const Node& v) { d.values.read("spread", v, spread); }}});
                  }},
                 {"max_replicas_per_node", [&](const Node& n) { d.values.read("max_replicas_per_node", n, most); }}});
}

void read_word(Values& values, const std::string& key, const Node& node, const std::vector<std::string>& words,
               std::string& out) {
    values.read(key, node, out);
    if (node.is_scalar() && std::find(words.begin(), words.end(), out) == words.end())
        values.error("C05", node.where, fmt::format("`{}` cannot be \"{}\"", key, out), suggest(out, words));
}

void read_update_config(ServiceDecoder& d, const std::string& key, const Node& node, std::optional<UpdateConfig>& out) {
    UpdateConfig config;
    Values& v = d.values;
    read_fields(
        v, d.project, key, node,
        {{"parallelism",
          [&](const Node& n) {
              v.read(key + ".parallelism", n, config.parallelism);
              if (config.parallelism < 0) v.error("C05", n.where, "`parallelism` cannot be negative");
          }},
         {"delay", [&](const Node& n) { v.read(key + ".delay", n, config.delay); }},
         {"monitor", [&](const Node& n) { v.read(key + ".monitor", n, config.monitor); }},
         {"failure_action",
          [&](const Node& n) {
              read_word(v, key + ".failure_action", n, {"continue", "rollback", "pause"}, config.failure_action);
          }},
         {"max_failure_ratio",
          [&](const Node& n) {
              v.read(key + ".max_failure_ratio", n, config.max_failure_ratio);
              if (config.max_failure_ratio < 0 || config.max_failure_ratio > 1)
                  v.error("C05", n.where, "`max_failure_ratio` is between 0 and 1");
          }},
         {"order", [&](const Node& n) {
              read_word(v, key + ".order", n, {"start-first", "stop-first"}, config.order);
          }}});
    out = std::move(config);
}

void decode_deploy_restart(ServiceDecoder& d, const Node& node) {
    std::string condition = "any";
    int attempts = 0;
    std::optional<Nanoseconds> delay, window;
    read_fields(d.values, d.project, "deploy.restart_policy", node,
                {{"condition",
                  [&](const Node& n) {
                      static const std::vector<std::string> words = {"none", "on-failure", "any"};
                      d.values.read("condition", n, condition);
                      if (std::find(words.begin(), words.end(), condition) == words.end())
                          d.values.error("C05", n.where,
                                         fmt::format("`deploy.restart_policy.condition` cannot be \"{}\"", condition),
                                         suggest(condition, words));
                  }},
                 {"max_attempts", [&](const Node& n) { d.values.read("max_attempts", n, attempts); }},
                 {"delay", [&](const Node& n) { d.values.read("delay", n, delay); }},
                 {"window", [&](const Node& n) { d.values.read("window", n, window); }}});
    d.service.restart.delay = delay, d.service.restart.window = window;
    if (d.draft.places.count("restart")) return;
    using Name = RestartPolicy::Name;
    d.service.restart.name = condition == "none" ? Name::no : condition == "any" ? Name::always : Name::on_failure;
    d.service.restart.max_retries = attempts;
    if (d.service.restart.name != Name::on_failure) d.service.restart.max_retries = 0;
}

}  // namespace

void decode_deploy(ServiceDecoder& d, const Node& node) {
    if (node.is_null()) return;
    const auto limits = [&](const Node& n) {
        read_fields(
            d.values, d.project, "deploy.resources.limits", n,
            {{"cpus", [&](const Node& v) { set_twin(d, v, "deploy.resources.limits.cpus", "cpus", d.service.cpus); }},
             {"memory",
              [&](const Node& v) { set_twin(d, v, "deploy.resources.limits.memory", "mem_limit", d.service.memory); }},
             {"pids", [&](const Node& v) {
                  set_twin(d, v, "deploy.resources.limits.pids", "pids_limit", d.service.pids_limit);
              }}});
    };
    const auto reservations = [&](const Node& n) {
        read_fields(d.values, d.project, "deploy.resources.reservations", n,
                    {{"memory",
                      [&](const Node& v) {
                          set_twin(d, v, "deploy.resources.reservations.memory", "mem_reservation",
                                   d.service.memory_reservation);
                      }},
                     {"cpus",
                      [&](const Node& v) {
                          double cpus = 0;
                          d.values.read("deploy.resources.reservations.cpus", v, cpus);
                      },
                      idle},
                     {"devices", [&](const Node& v) { read_device_requests(d, "devices", v); }, idle},
                     {"generic_resources", [&](const Node& v) { read_generic_resources(d, v); }, idle}});
    };
    read_fields(
        d.values, d.project, "deploy", node,
        {{"replicas",
          [&](const Node& n) {
              std::optional<std::int64_t> scale;
              if (d.draft.places.count("scale")) scale = d.service.scale;
              set_twin(d, n, "deploy.replicas", "scale", scale);
              if (scale && (*scale < 0 || *scale > 10'000))
                  d.values.error("C05", n.where, "`deploy.replicas` is out of range");
              else if (scale)
                  d.service.scale = static_cast<int>(*scale);
          }},
         {"resources",
          [&](const Node& n) {
              read_fields(d.values, d.project, "deploy.resources", n,
                          {{"limits", limits}, {"reservations", reservations}});
          }},
         {"restart_policy", [&](const Node& n) { decode_deploy_restart(d, n); }},
         {"mode",
          [&](const Node& n) {
              static const std::vector<std::string> words = {"replicated", "global", "replicated-job", "global-job"};
              d.values.read("deploy.mode", n, d.service.deploy_mode);
              if (std::find(words.begin(), words.end(), d.service.deploy_mode) == words.end())
                  d.values.error("C05", n.where, fmt::format("`deploy.mode` cannot be {}", describe(n)),
                                 suggest(d.service.deploy_mode, words));
          }},
         {"labels", [&](const Node& n) { d.values.read("deploy.labels", n, d.service.deploy_labels); }},
         {"endpoint_mode", [&](const Node& n) { d.values.read("deploy.endpoint_mode", n, d.service.endpoint_mode); },
          idle},
         {"placement", [&](const Node& n) { read_placement(d, n); }, idle},
         {"update_config",
          [&](const Node& n) { read_update_config(d, "deploy.update_config", n, d.service.update_config); }, idle},
         {"rollback_config",
          [&](const Node& n) { read_update_config(d, "deploy.rollback_config", n, d.service.rollback_config); },
          idle}});
    if (const Node* placement = node.find("placement"))
        d.service.unapplied["deploy"]["placement"] = Values::json_of(*placement);
    const Node* resources = node.find("resources");
    const Node* reserved = resources ? resources->find("reservations") : nullptr;
    for (const char* key : {"cpus", "devices", "generic_resources"})
        if (const Node* value = reserved ? reserved->find(key) : nullptr)
            d.service.unapplied["deploy"]["resources"]["reservations"][key] = Values::json_of(*value);
}

}  // namespace hoist::compose
