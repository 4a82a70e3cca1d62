#pragma once
// SPDX-License-Identifier: Apache-2.0
// Processes in the columns of ps(1), as GET /containers/{id}/top answers, without its program. Pure.

#include <functional>
#include <string>
#include <vector>

#include "runtime/processes.h"

namespace hoist::api {

struct ProcessTable {
    std::vector<std::string> titles;
    std::vector<std::vector<std::string>> rows;
};

/// What the columns are computed from, besides the processes.
struct PsFacts {
    TimePoint now;
    std::uint64_t machine_memory = 0;
    std::function<std::string(uid_t)> user_name;  ///< the number as text if it has none
};

/// @param arguments  of ps: "-ef" (or none), "aux", "-o pid,user,args" and combinations of their letters
/// @throws Error(invalid) that names the option or column that is not there
ProcessTable process_table(const std::vector<runtime::ProcessFacts>& processes, const std::string& arguments,
                           const PsFacts& facts);

}  // namespace hoist::api
