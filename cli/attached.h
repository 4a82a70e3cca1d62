#pragma once
// SPDX-License-Identifier: Apache-2.0
// `hoist up` without -d: the stack's output, until Ctrl-C or until all its containers have ended.

#include "base/units.h"
#include "cli/command.h"
#include "wire/project_messages.h"

namespace hoist::cli {

struct AttachedOptions {
    std::string project;
    std::vector<std::string> services;  ///< empty: all
    TimePoint since;                    ///< output from then on
    bool prefix = true, color = true, timestamps = false;
    std::optional<std::chrono::seconds> timeout;  ///< for stopping
    std::vector<std::string> without;             ///< services whose output is not shown
    enum class Abort { never, on_exit, on_failure };
    Abort abort = Abort::never;   ///< stop all when one container ends, or fails
    std::string exit_code_from;  ///< the service whose exit status is ours
};
/// @return the exit status: 0, or that of the container that ended it
int follow_stack(Context& context, const AttachedOptions& options);

}  // namespace hoist::cli
