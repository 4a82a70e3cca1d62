#pragma once
// SPDX-License-Identifier: Apache-2.0
// Asks the daemon for an operation on a project and shows its progress.

#include <chrono>
#include <optional>
#include <string>

#include "cli/command.h"
#include "wire/project_messages.h"

namespace hoist::cli {

enum class Ended { well, interrupted, too_late };

/// POST /hoist/v1/projects/<project>/<verb>. Ctrl-C ends the request, which cancels the operation; what it did stays.
/// @throws the daemon's Error, after the last picture was drawn
Ended run_operation(Context& context, const std::string& project, const std::string& verb,
                    const wire::ProjectRequest& request, ProgressPrinter& printer,
                    std::optional<std::chrono::seconds> limit = std::nullopt);

/// run_operation with a printer of its own; turns the end into an exit status.
int run_simple_operation(Context& context, const std::string& project, const std::string& verb,
                         const wire::ProjectRequest& request, const std::string& headline);

}  // namespace hoist::cli
