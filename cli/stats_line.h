#pragma once
// SPDX-License-Identifier: Apache-2.0
// One sample of what a container uses, as a row for people and as JSON. Pure.

#include <string>

#include "base/json.h"
#include "cli/table.h"

namespace hoist::cli {

struct StatsLine {
    std::string id, name;
    double cpu_percent = 0, memory_percent = 0;
    std::uint64_t memory = 0, memory_limit = 0;  ///< bytes; the page cache that is not in use is not counted
    std::uint64_t received = 0, sent = 0, read = 0, written = 0;
    std::uint64_t pids = 0;
};

/// Reads an object of GET /containers/{id}/stats.
StatsLine stats_line(const Json& sample);

extern const Row stats_titles;
Row stats_row(const StatsLine& line, bool whole_id);
/// As docker's `stats --format json`.
Json stats_object(const StatsLine& line, bool whole_id);

}  // namespace hoist::cli
