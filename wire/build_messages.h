#pragma once
// SPDX-License-Identifier: Apache-2.0
// The bodies of POST /hoist/v1/build: what `hoist build` asks for, and the lines that answer it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/units.h"

namespace hoist::wire {

struct BuildUlimit {
    std::string name;
    std::int64_t soft = 0, hard = 0;
};

/// Paths are the daemon's host's; texts of files are the client's, who may read them.
struct BuildRequest {
    std::string context;     ///< absolute directory, or a URL; empty: none
    std::string dockerfile;  ///< text; empty: read from the context
    std::string dockerfile_name = "Dockerfile";
    std::optional<std::string> ignore;
    std::string ignore_name = ".dockerignore";
    std::map<std::string, std::string> contexts, arguments, labels;
    std::string target, network, platform;
    std::vector<std::string> tags, no_cache_stages, cache_from, extra_hosts;
    bool no_cache = false, pull = false, inline_cache = false;
    std::map<std::string, std::string> secrets;  ///< id to bytes; in hexadecimal on the wire
    std::map<std::string, std::string> ssh;      ///< id to an agent's socket
    std::optional<Bytes> shm_size;
    std::vector<BuildUlimit> ulimits;
    std::optional<std::int64_t> source_date_epoch;
};
Json to_json(const BuildRequest& request);
/// @throws Error(invalid)
BuildRequest build_request_from_json(const Json& body);

/// One line of the answer; the last is {"image": id} or {"error": {...}}.
struct BuildLine {
    std::string event;  ///< "started", "cached", "output", "done", "failed", "warning"
    int step = 0;
    std::string name, text;
    double seconds = 0;
};
Json to_json(const BuildLine& line);
BuildLine build_line_from_json(const Json& object);

}  // namespace hoist::wire
