// SPDX-License-Identifier: Apache-2.0
// Service keys about running: environment, depends_on, healthcheck, restart, limits, logging, deploy.
#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "compose/draft.h"

namespace hoist::compose {

void read_variables(Values& values, const std::string& key, const Node& node,
                    std::map<std::string, std::optional<std::string>>& out) {
    StringMap checked;
    if (!node.is_map()) return values.read(key, node, checked);  // reports what is wrong
    for (const auto& entry : node.entries) {
        if (entry.key.empty() || entry.key.find('=') != std::string::npos) {
            values.error("C05", entry.key_where, fmt::format("`{}`: \"{}\" is not a variable's name", key, entry.key));
            continue;
        }
        auto& value = out[entry.key];
        if (entry.value.is_null()) {  // a bare name: taken from the project's environment, or removed
            const auto& variables = values.context().sources.file(entry.key_where).variables;
            value = variables ? value_of(*variables, entry.key) : std::nullopt;
        } else if (values.is_text(key + "." + entry.key, entry.value)) {
            value = entry.value.text;
        }
    }
}

void decode_environment(ServiceDecoder& d, const std::string& key, const Node& node) {
    read_variables(d.values, key, node, d.draft.environment);
}

void decode_env_file(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        EnvFileUse use{"", item.where};
        std::string format;
        if (item.is_map()) {
            read_fields(d.values, d.project, key, item,
                        {{"path", [&](const Node& n) { d.values.read_path("path", n, use.path), use.where = n.where; }},
                         {"required", [&](const Node& n) { d.values.read("required", n, use.required); }},
                         {"format", [&](const Node& n) {
                              d.values.read("format", n, format);
                              if (format != "raw")
                                  d.values.error("C05", n.where, fmt::format("`format` is raw, not {}", describe(n)),
                                                 "leave it out for the usual form");
                          }}});
            if (!item.find("path"))
                d.values.error("C04", item.where, fmt::format("an entry of `{}` needs `path`", key));
        } else {
            d.values.read_path("an entry of " + key, item, use.path);
        }
        use.raw = format == "raw";
        if (!use.path.empty()) (key == "env_file" ? d.draft.env_files : d.draft.label_files).push_back(std::move(use));
    }
}

void decode_depends_on(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    if (!node.is_map()) {
        d.values.wrong_type(key, node, "a list of services or a map",
                            node.is_scalar() ? fmt::format("write\n{}:\n  - {}", key, node.text) : "");
        return;
    }
    for (const auto& entry : node.entries) {
        Dependency dependency;
        const std::string what = "depends_on." + entry.key;
        if (!entry.value.is_null())
            read_fields(d.values, d.project, what, entry.value,
                        {{"condition",
                          [&](const Node& n) {
                              static const std::vector<std::string> words = {"service_started", "service_healthy",
                                                                             "service_completed_successfully"};
                              const auto found = std::find(words.begin(), words.end(), n.text);
                              if (found != words.end())
                                  dependency.condition = static_cast<Dependency::Condition>(found - words.begin());
                              else
                                  d.values.error("C05", n.where, fmt::format("`condition` cannot be {}", describe(n)),
                                                 suggest(n.text, words));
                          }},
                         {"restart", [&](const Node& n) { d.values.read("restart", n, dependency.restart); }},
                         {"required", [&](const Node& n) { d.values.read("required", n, dependency.required); }}});
        d.draft.places[what] = entry.key_where;
        d.draft.edges[entry.key] = "depends_on";
        d.service.depends_on[entry.key] = dependency;
    }
}

namespace {

void decode_health_test(ServiceDecoder& d, const Node& node, Healthcheck& check) {
    if (node.is_scalar()) {
        check.test = {"CMD-SHELL", node.text};
        return;
    }
    d.values.read("test", node, check.test);
    if (check.test.empty()) return;
    static const std::vector<std::string> words = {"NONE", "CMD", "CMD-SHELL"};
    if (check.test[0] == "NONE") {
        check.disabled = true;
        check.test.clear();
    } else if (check.test[0] != "CMD" && check.test[0] != "CMD-SHELL") {
        d.values.error(
            "C05", node.items[0].where,
            fmt::format("`healthcheck.test` begins with \"{}\", not with NONE, CMD or CMD-SHELL", check.test[0]),
            fmt::format("write [\"CMD\", \"{}\"{}", check.test[0], check.test.size() > 1 ? ", ...]" : "]"));
    } else if (check.test.size() == 1) {
        d.values.error("C05", node.where, "`healthcheck.test` has no command");
    }
}

}  // namespace

void decode_healthcheck(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    Healthcheck check;
    read_fields(d.values, d.project, key, node,
                {{"test", [&](const Node& n) { decode_health_test(d, n, check); }},
                 {"interval", [&](const Node& n) { d.values.read("interval", n, check.interval); }},
                 {"timeout", [&](const Node& n) { d.values.read("timeout", n, check.timeout); }},
                 {"start_period", [&](const Node& n) { d.values.read("start_period", n, check.start_period); }},
                 {"start_interval", [&](const Node& n) { d.values.read("start_interval", n, check.start_interval); }},
                 {"retries", [&](const Node& n) { d.values.read("retries", n, check.retries); }},
                 {"disable", [&](const Node& n) {
                      bool disable = false;
                      d.values.read("disable", n, disable);
                      check.disabled = check.disabled || disable;
                  }}});
    if (check.disabled) check = Healthcheck{.disabled = true};
    d.service.healthcheck = std::move(check);
}

void decode_restart(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    static const std::vector<std::string> words = {"no", "always", "on-failure", "unless-stopped"};
    const auto colon = node.text.find(':');
    const std::string name = node.plain && node.text == "false" ? "no" : node.text.substr(0, colon);
    const auto found = std::find(words.begin(), words.end(), name);
    RestartPolicy policy;
    if (!node.is_scalar() || found == words.end()) {
        d.values.error("C05", node.where, fmt::format("`{}` cannot be {}", key, describe(node)), suggest(name, words));
        return;
    }
    policy.name = static_cast<RestartPolicy::Name>(found - words.begin());
    if (colon != std::string::npos) {
        const char *begin = node.text.data() + colon + 1, *end = node.text.data() + node.text.size();
        const auto [rest, problem] = std::from_chars(begin, end, policy.max_retries);
        if (policy.name != RestartPolicy::Name::on_failure || problem != std::errc() || rest != end ||
            policy.max_retries < 0)
            d.values.error("C05", node.where, fmt::format("`{}`: only on-failure takes a number behind a colon", key),
                           "write on-failure:3");
    }
    d.service.restart = policy;
}

void read_ulimits(ServiceDecoder& d, const std::string& key, const Node& node, std::map<std::string, Ulimit>& out) {
    if (!d.values.is_map(key, node)) return;
    for (const auto& entry : node.entries) {
        Ulimit limit;
        const std::string what = key + "." + entry.key;
        if (entry.key.empty() || entry.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos)
            d.values.error("C05", entry.key_where,
                           fmt::format("`{}`: \"{}\" is not the name of a limit", key, entry.key),
                           "write it as in nofile, nproc, memlock");
        if (entry.value.is_map()) {
            read_fields(d.values, d.project, what, entry.value,
                        {{"soft", [&](const Node& n) { d.values.read(what + ".soft", n, limit.soft); }},
                         {"hard", [&](const Node& n) { d.values.read(what + ".hard", n, limit.hard); }}});
            for (const char* half : {"soft", "hard"})
                if (!entry.value.find(half))
                    d.values.error("C04", entry.key_where, fmt::format("`{}` needs `{}`", what, half),
                                   "give both, or one number for both");
        } else {
            d.values.read(what, entry.value, limit.soft);
            limit.hard = limit.soft;
        }
        if (limit.hard >= 0 && (limit.soft > limit.hard || limit.soft < 0))
            d.values.error("C09", entry.key_where, fmt::format("`{}`: the soft limit is above the hard limit", what));
        out[entry.key] = limit;
    }
}

void decode_ulimits(ServiceDecoder& d, const std::string& key, const Node& node) {
    read_ulimits(d, key, node, d.service.ulimits);
}

void decode_logging(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    read_fields(d.values, d.project, key, node,
                {{"driver", [&](const Node& n) { d.values.read("driver", n, d.service.logging.driver); }},
                 {"options", [&](const Node& n) { d.values.read("logging.options", n, d.service.logging.options); }}});
}

void decode_security_opt(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    for (const auto& item : node.items) {
        if (!d.values.is_text("an entry of security_opt", item)) continue;
        std::string option = item.text;
        const auto separator = option.find_first_of("=:");
        if (separator == std::string::npos && option != "no-new-privileges") {
            d.values.error(
                "C05", item.where, fmt::format("`{}`: \"{}\" is not NAME=VALUE", key, option),
                "no-new-privileges, seccomp=FILE, apparmor=unconfined, label=disable, systempaths=unconfined");
            continue;
        }
        if (separator != std::string::npos) option[separator] = '=';
        if (option.starts_with("seccomp=") && option != "seccomp=unconfined" && option != "seccomp=builtin")
            option = "seccomp=" + d.values.path_of(item, option.substr(8));
        d.service.security_opt.push_back(std::move(option));
    }
}

}  // namespace hoist::compose
