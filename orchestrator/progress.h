#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is told of a plan while it is carried out.

#include <functional>
#include <string>

namespace hoist::orchestrator {

/// One line of progress: a step begins, ends well, or fails.
struct Progress {
    enum class Phase { started, done, failed, waiting } phase = Phase::started;
    std::string kind;  ///< "network", "volume", "container"
    std::string name;
    std::string text;  ///< "Creating", "Created", "Waiting", "Healthy", ...; with failed: the error
    double seconds = 0;
};
using ProgressSink = std::function<void(const Progress&)>;

}  // namespace hoist::orchestrator
