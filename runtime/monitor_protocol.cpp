// SPDX-License-Identifier: Apache-2.0
#include "runtime/monitor_protocol.h"

#include "base/error.h"
#include "base/file.h"

namespace hoist::runtime {
namespace {

std::int64_t to_count(TimePoint time) {
    return time.time_since_epoch().count();
}
TimePoint to_time(std::int64_t count) {
    return TimePoint(Nanoseconds(count));
}

RootFs root_from_json(const Json& object) {
    RootFs root;
    root.lower = json_value(object, "lower", root.lower);
    root.upper = json_value(object, "upper", root.upper);
    root.work = json_value(object, "work", root.work);
    root.volatile_upper = json_value(object, "volatile", false);
    return root;
}

}  // namespace

Json to_json(const MonitorSpec& spec) {
    return {{"id", spec.id.str()},
            {"config", to_json(spec.config)},
            {"root",
             {{"lower", spec.root.lower},
              {"upper", spec.root.upper},
              {"work", spec.root.work},
              {"volatile", spec.root.volatile_upper}}},
            {"state_directory", spec.state_directory},
            {"seccomp_file", spec.seccomp_file},
            {"init", spec.init},
            {"open_stdin", spec.open_stdin},
            {"stdin_once", spec.stdin_once},
            {"log", to_json(spec.log)}};
}

MonitorSpec monitor_spec_from_json(const Json& document) {
    MonitorSpec spec;
    if (!document.is_object()) fail(Kind::invalid, "the monitor's specification is not a JSON object");
    for (const char* key : {"config", "root"})
        if (!document.contains(key) || !document[key].is_object())
            fail(Kind::invalid, "the monitor's specification has no object \"{}\"", key);
    spec.id = ContainerId(json_value(document, "id", std::string()));
    spec.config = config_from_json(document["config"]);
    spec.root = root_from_json(document["root"]);
    spec.state_directory = json_value(document, "state_directory", spec.state_directory);
    if (spec.state_directory.empty()) fail(Kind::invalid, "the monitor's specification has no state_directory");
    spec.seccomp_file = json_value(document, "seccomp_file", spec.seccomp_file);
    spec.init = json_value(document, "init", false);
    spec.open_stdin = json_value(document, "open_stdin", false);
    spec.stdin_once = json_value(document, "stdin_once", false);
    spec.log = log_settings_from_json(json_value(document, "log", Json(Json::object())));
    return spec;
}

Json to_json(const ExitRecord& record) {
    Json object = {{"run", record.run},
                   {"code", record.code},
                   {"oom_killed", record.oom_killed},
                   {"started_at", to_count(record.started_at)},
                   {"finished_at", to_count(record.finished_at)}};
    if (record.signal != 0) object["signal"] = record.signal;
    if (!record.error.empty()) object["error"] = record.error;
    return object;
}

ExitRecord exit_record_from_json(const Json& object) {
    if (!object.is_object()) fail(Kind::invalid, "an exit record is not a JSON object");
    ExitRecord record;
    record.run = json_value(object, "run", record.run);
    record.code = json_value(object, "code", 0);
    record.signal = json_value(object, "signal", 0);
    record.oom_killed = json_value(object, "oom_killed", false);
    record.started_at = to_time(json_value<std::int64_t>(object, "started_at", 0));
    record.finished_at = to_time(json_value<std::int64_t>(object, "finished_at", 0));
    record.error = json_value(object, "error", std::string());
    return record;
}

std::optional<ExitRecord> read_exit_record(const std::string& state_directory) {
    const std::string path = state_directory + "/exit.json";
    const auto text = read_file_if_exists(path, 64 << 10);
    if (!text) return std::nullopt;
    return exit_record_from_json(parse_json(*text, path));
}

}  // namespace hoist::runtime
