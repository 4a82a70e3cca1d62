// SPDX-License-Identifier: Apache-2.0
// Service keys about a container's life: hooks, develop.watch, x-probe, x-schedule, x-on-change.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "compose/cron.h"
#include "compose/draft.h"

namespace hoist::compose {

Hook read_hook(ServiceDecoder& d, const std::string& key, const Node& node, bool has_image) {
    Hook hook;
    Values& v = d.values;
    const auto only_before_start = [&](const Node& n, const char* name) {
        if (!has_image) v.error("C09", n.where, fmt::format("`{}`: `{}` is for pre_start only", key, name));
    };
    read_fields(v, d.project, key, node,
                {{"command", [&](const Node& n) { v.read_command(key + ".command", n, hook.command); }},
                 {"user", [&](const Node& n) { v.read("user", n, hook.user); }},
                 {"privileged", [&](const Node& n) { v.read("privileged", n, hook.privileged); }},
                 {"working_dir", [&](const Node& n) { v.read("working_dir", n, hook.working_dir); }},
                 {"environment", [&](const Node& n) { read_variables(v, key + ".environment", n, hook.environment); }},
                 {"image", [&](const Node& n) { only_before_start(n, "image"), v.read("image", n, hook.image); }},
                 {"per_replica", [&](const Node& n) {
                      only_before_start(n, "per_replica"), v.read("per_replica", n, hook.per_replica);
                  }}});
    if (!has_image && node.is_map() && (!hook.command || hook.command->empty()))
        v.error("C04", node.where, fmt::format("an entry of `{}` needs `command`", key));
    return hook;
}

void decode_hooks(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (!d.values.is_list(key, node)) return;
    auto& hooks = key == "pre_start"    ? d.service.pre_start
                  : key == "post_start" ? d.service.post_start
                                        : d.service.pre_stop;
    for (const auto& item : node.items) hooks.push_back(read_hook(d, key, item, key == "pre_start"));
}

namespace {

WatchRule read_watch_rule(ServiceDecoder& d, const Node& node) {
    static const std::vector<std::string> actions = {"rebuild", "restart", "sync", "sync+restart", "sync+exec"};
    WatchRule rule;
    Values& v = d.values;
    const auto patterns = [&](const char* name, std::vector<std::string>& out) {
        return [&v, name, &out](const Node& n) {
            if (n.is_scalar())
                out.push_back(n.text);
            else
                v.read(name, n, out);
        };
    };
    read_fields(v, d.project, "develop.watch", node,
                {{"path", [&](const Node& n) { v.read_path("path", n, rule.path); }},
                 {"action",
                  [&](const Node& n) {
                      v.read("action", n, rule.action);
                      if (std::find(actions.begin(), actions.end(), rule.action) == actions.end())
                          v.error("C05", n.where, fmt::format("`action` cannot be {}", describe(n)),
                                  suggest(rule.action, actions));
                  }},
                 {"target", [&](const Node& n) { v.read("target", n, rule.target); }},
                 {"ignore", patterns("ignore", rule.ignore)},
                 {"include", patterns("include", rule.include)},
                 {"initial_sync", [&](const Node& n) { v.read("initial_sync", n, rule.initial_sync); }},
                 {"exec", [&](const Node& n) { rule.exec = read_hook(d, "develop.watch.exec", n, false); }}});
    if (!node.is_map()) return rule;
    if (rule.path.empty()) v.error("C04", node.where, "an entry of `develop.watch` needs `path`");
    if (rule.action.empty()) v.error("C04", node.where, "an entry of `develop.watch` needs `action`");
    if (rule.action.starts_with("sync") && rule.target.empty())
        v.error("C04", node.where, fmt::format("`action: {}` needs `target`, the path in the container", rule.action));
    if (rule.action == "sync+exec" && !rule.exec)
        v.error("C04", node.where, "`action: sync+exec` needs `exec` with a `command`");
    return rule;
}

}  // namespace

void decode_develop(ServiceDecoder& d, const std::string& key, const Node& node) {
    if (node.is_null()) return;
    read_fields(d.values, d.project, key, node, {{"watch", [&](const Node& n) {
                                                      if (!d.values.is_list("develop.watch", n)) return;
                                                      for (const auto& item : n.items)
                                                          d.service.watch.push_back(read_watch_rule(d, item));
                                                  }}});
}

namespace {

const std::vector<std::string> probe_types = {"http", "tcp", "fastcgi", "mysql", "redis", "log", "file"};

void read_port(Values& v, const Node& node, std::uint16_t& port) {
    int number = 0;
    v.read("port", node, number);
    if (number < 1 || number > 65535)
        v.error("C05", node.where, fmt::format("`x-probe`: port {} is not in 1-65535", describe(node)));
    else
        port = static_cast<std::uint16_t>(number);
}

/// "3306", "127.0.0.2:3306", "8080/health": a port with what may stand around it.
void read_short_probe(Values& v, const Node& node, Probe& probe) {
    if (probe.type == Probe::Type::log) return void(probe.body = node.text);
    if (probe.type == Probe::Type::file) return void(probe.path = node.text);
    std::string text = node.text;
    if (const auto slash = text.find('/'); slash != std::string::npos) {
        probe.path = text.substr(slash);
        text.resize(slash);
    }
    if (const auto colon = text.rfind(':'); colon != std::string::npos) {
        if (colon > 0) probe.host = text.substr(0, colon);
        text.erase(0, colon + 1);
    }
    Node port = scalar_node(text, node.where);
    port.plain = true;
    read_port(v, port, probe.port);
}

void read_status(Values& v, const Node& node, Probe& probe) {
    if (!v.is_text("status", node)) return;
    const auto dash = node.text.find('-');
    const char *begin = node.text.data(), *end = begin + node.text.size();
    const char* middle = dash == std::string::npos ? end : begin + dash;
    const auto first = std::from_chars(begin, middle, probe.status_from);
    probe.status_to = probe.status_from;
    const auto last = dash == std::string::npos ? first : std::from_chars(middle + 1, end, probe.status_to);
    if (first.ec != std::errc() || first.ptr != middle || last.ec != std::errc() || last.ptr != end ||
        probe.status_from < 100 || probe.status_to > 599 || probe.status_from > probe.status_to)
        v.error("C05", node.where, fmt::format("`status`: \"{}\" is no HTTP status", node.text),
                "write 200, or a range such as 200-399");
}

void read_long_probe(ServiceDecoder& d, const std::string& key, const Node& node, Probe& probe) {
    Values& v = d.values;
    const bool web = probe.type == Probe::Type::http || probe.type == Probe::Type::fastcgi;
    const auto text_of_web = [&](const char* name, std::string& out) {
        return [&v, web, name, &out, key](const Node& n) {
            if (!web) v.error("C09", n.where, fmt::format("`{}`: `{}` is for http and fastcgi only", key, name));
            v.read(name, n, out);
        };
    };
    if (probe.type == Probe::Type::log)
        return read_fields(v, d.project, key, node,
                           {{"pattern", [&](const Node& n) { v.read("pattern", n, probe.body); }}});
    if (probe.type == Probe::Type::file)
        return read_fields(v, d.project, key, node, {{"path", [&](const Node& n) { v.read("path", n, probe.path); }}});
    read_fields(v, d.project, key, node,
                {{"host", [&](const Node& n) { v.read("host", n, probe.host); }},
                 {"port", [&](const Node& n) { read_port(v, n, probe.port); }},
                 {"path", text_of_web("path", probe.path)},
                 {"body", text_of_web("body", probe.body)},
                 {"status", [&](const Node& n) { read_status(v, n, probe); }},
                 {"headers", [&](const Node& n) { v.read("headers", n, probe.headers); }}});
}

}  // namespace

void decode_probe(ServiceDecoder& d, const std::string& key, const Node& node) {
    Values& v = d.values;
    if (!v.is_map(key, node)) return;
    Healthcheck timing = d.service.healthcheck.value_or(Healthcheck{});
    for (const auto& entry : node.entries) {
        const auto type = std::find(probe_types.begin(), probe_types.end(), entry.key);
        if (type == probe_types.end()) continue;
        if (d.service.probe) v.error("C09", entry.key_where, "`x-probe` has more than one probe", "keep one of them");
        Probe probe{.type = static_cast<Probe::Type>(type - probe_types.begin())};
        constexpr std::uint16_t usual[] = {80, 0, 9000, 3306, 6379, 0, 0};
        probe.port = usual[type - probe_types.begin()];
        if (probe.type == Probe::Type::http) probe.path = "/";
        if (probe.type == Probe::Type::fastcgi) probe.path = "/ping";
        if (entry.value.is_scalar())
            read_short_probe(v, entry.value, probe);
        else if (!entry.value.is_null())
            read_long_probe(d, key + "." + entry.key, entry.value, probe);
        if (probe.type == Probe::Type::tcp && probe.port == 0)
            v.error("C04", entry.key_where, "`x-probe.tcp` needs a port: `tcp: 5432`");
        if (probe.type == Probe::Type::log && probe.body.empty())
            v.error("C04", entry.key_where, "`x-probe.log` needs a text to look for: `log: ready for connections`");
        if (probe.type == Probe::Type::file && !probe.path.starts_with('/'))
            v.error("C05", entry.key_where, "`x-probe.file` needs an absolute path in the container");
        d.service.probe = std::move(probe);
    }
    const auto nothing = [](const Node&) {};
    read_fields(v, d.project, key, node,
                {{"http", nothing},
                 {"tcp", nothing},
                 {"fastcgi", nothing},
                 {"mysql", nothing},
                 {"redis", nothing},
                 {"log", nothing},
                 {"file", nothing},
                 {"interval", [&](const Node& n) { v.read("interval", n, timing.interval); }},
                 {"timeout", [&](const Node& n) { v.read("timeout", n, timing.timeout); }},
                 {"retries", [&](const Node& n) { v.read("retries", n, timing.retries); }},
                 {"start_period", [&](const Node& n) { v.read("start_period", n, timing.start_period); }},
                 {"start_interval", [&](const Node& n) { v.read("start_interval", n, timing.start_interval); }}});
    if (!d.service.probe)
        return void(v.error("C04", node.where, "`x-probe` names no probe", "one of " + join(probe_types, ", ")));
    if (!timing.test.empty() || timing.disabled)
        v.error("C09", node.where, "`x-probe` takes the place of `healthcheck.test`", "keep one of them")
            .others.push_back(v.context().sources.span(d.draft.place("healthcheck"), "the other"));
    d.service.healthcheck = std::move(timing);
}

void decode_schedule(ServiceDecoder& d, const std::string& key, const Node& node) {
    Schedule schedule;
    Values& v = d.values;
    const Node* cron = node.is_scalar() ? &node : nullptr;
    if (!node.is_scalar())
        read_fields(v, d.project, key, node,
                    {{"cron", [&](const Node& n) { cron = &n; }},
                     {"timezone",
                      [&](const Node& n) {
                          v.read("timezone", n, schedule.timezone);
                          if (schedule.timezone != "UTC" && schedule.timezone != "local")
                              v.error("C05", n.where, fmt::format("`timezone` is UTC or local, not {}", describe(n)));
                      }},
                     {"overlap", [&](const Node& n) {
                          static const std::vector<std::string> words = {"skip", "wait", "replace"};
                          const auto found = std::find(words.begin(), words.end(), n.text);
                          if (found == words.end())
                              v.error("C05", n.where, fmt::format("`overlap` cannot be {}", describe(n)),
                                      suggest(n.text, words));
                          else
                              schedule.overlap = static_cast<Schedule::Overlap>(found - words.begin());
                      }}});
    if (!cron) {
        if (node.is_map()) v.error("C04", node.where, "`x-schedule` needs `cron`", "write `x-schedule: \"0 3 * * *\"`");
        return;
    }
    v.read("cron", *cron, schedule.cron);
    if (const std::string problem = check_cron(schedule.cron); !problem.empty())
        v.error("C05", cron->where, fmt::format("`{}`: {}", key, problem),
                "minute hour day month weekday: \"30 3 * * mon-fri\", or @hourly, @daily, @weekly, @monthly");
    d.service.schedule = std::move(schedule);
}

void read_on_change(Values& values, ProjectDraft& project, const Node& node, std::optional<OnChange>& out) {
    OnChange reaction;
    if (node.is_scalar() && node.text == "none") {
        reaction.how = OnChange::How::none;
    } else if (node.is_map() && node.entries.size() == 1) {
        read_fields(values, project, "x-on-change", node,
                    {{"signal",
                      [&](const Node& n) {
                          reaction.how = OnChange::How::signal;
                          values.read("signal", n, reaction.signal);
                          if (n.is_scalar() && parse_signal(reaction.signal) == 0)
                              values.error("C05", n.where, fmt::format("\"{}\" is not a signal", reaction.signal),
                                           "write its name: SIGHUP");
                      }},
                     {"exec", [&](const Node& n) {
                          reaction.how = OnChange::How::exec;
                          std::optional<std::vector<std::string>> command;
                          values.read_command("x-on-change.exec", n, command);
                          reaction.command = command.value_or(std::vector<std::string>{});
                          if (reaction.command.empty())
                              values.error("C04", n.where, "`x-on-change.exec` needs a command");
                      }}});
    } else if (!node.is_scalar() || node.text != "recreate") {
        values.error("C05", node.where, fmt::format("`x-on-change` cannot be {}", describe(node)),
                     "recreate, none, {signal: SIGHUP} or {exec: [nginx, -s, reload]}");
    }
    out = std::move(reaction);
}

}  // namespace hoist::compose
