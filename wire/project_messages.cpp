// SPDX-License-Identifier: Apache-2.0
#include "wire/project_messages.h"

#include "wire/errors.h"

namespace hoist::wire {

Json to_json(const ProjectRequest& request) {
    Json options = {{"recreate", request.recreate},
                    {"services", request.services},
                    {"no_deps", request.no_deps},
                    {"no_start", request.no_start},
                    {"wait", request.wait},
                    {"remove_orphans", request.remove_orphans},
                    {"volumes", request.volumes},
                    {"always_recreate_deps", request.always_recreate_deps},
                    {"renew_volumes", request.renew_volumes}};
    if (request.timeout) options["timeout"] = request.timeout->count();
    return {{"project", request.project}, {"options", std::move(options)}};
}

ProjectRequest project_request_from_json(const Json& body) {
    ProjectRequest request;
    if (!body.is_object()) fail(Kind::invalid, "the body must be a JSON object");
    request.project = body.value("project", Json());
    const Json options = body.value("options", Json::object());
    if (!options.is_object()) fail(Kind::invalid, "options: must be an object");
    request.recreate = json_value<std::string>(options, "recreate", "if_changed");
    if (request.recreate != "if_changed" && request.recreate != "always" && request.recreate != "never")
        fail(Kind::invalid, "options.recreate: '{}' is none of if_changed, always, never", request.recreate);
    request.services = json_value<std::vector<std::string>>(options, "services", {});
    request.no_deps = json_value(options, "no_deps", false);
    request.no_start = json_value(options, "no_start", false);
    request.wait = json_value(options, "wait", false);
    request.remove_orphans = json_value(options, "remove_orphans", false);
    request.volumes = json_value(options, "volumes", false);
    request.always_recreate_deps = json_value(options, "always_recreate_deps", false);
    request.renew_volumes = json_value(options, "renew_volumes", false);
    if (const auto seconds = json_optional<std::int64_t>(options, "timeout"))
        request.timeout = std::chrono::seconds(*seconds);
    return request;
}

Json to_json(const ProgressLine& line) {
    return {{"phase", line.phase},
            {"kind", line.kind},
            {"name", line.name},
            {"text", line.text},
            {"seconds", line.seconds}};
}

ProgressLine progress_line_from_json(const Json& object) {
    return {.phase = json_value<std::string>(object, "phase", ""),
            .kind = json_value<std::string>(object, "kind", ""),
            .name = json_value<std::string>(object, "name", ""),
            .text = json_value<std::string>(object, "text", ""),
            .seconds = json_value(object, "seconds", 0.0)};
}

Json result_ok() {
    return {{"result", "ok"}};
}

Json result_error(const Error& error) {
    return {{"error", error_body(error.kind(), error.message())}};
}

}  // namespace hoist::wire
