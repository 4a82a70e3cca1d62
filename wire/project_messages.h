#pragma once
// SPDX-License-Identifier: Apache-2.0
// The bodies of our own /hoist/v1: what `hoist up` asks for, and the lines that answer it.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace hoist::wire {

/// POST /hoist/v1/projects/{name}/{up,plan,down,start,stop,restart}. `project` is needed by up and plan only.
struct ProjectRequest {
    Json project;
    std::string recreate = "if_changed";  ///< or "always", "never"
    std::vector<std::string> services;
    bool no_deps = false, no_start = false, wait = false, remove_orphans = false;
    bool always_recreate_deps = false, renew_volumes = false;
    bool volumes = false;                         ///< down
    std::optional<std::chrono::seconds> timeout;  ///< for stopping
};
Json to_json(const ProjectRequest& request);
/// @throws Error(invalid)
ProjectRequest project_request_from_json(const Json& body);

/// One line of the answer: {"phase":...} while it goes on, {"result":"ok"} or {"error":{...}} at the end.
struct ProgressLine {
    std::string phase;  ///< "started", "done", "failed", "waiting"
    std::string kind, name, text;
    double seconds = 0;
};
Json to_json(const ProgressLine& line);
ProgressLine progress_line_from_json(const Json& object);

Json result_ok();
Json result_error(const Error& error);

}  // namespace hoist::wire
