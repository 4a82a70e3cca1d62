#pragma once
// SPDX-License-Identifier: Apache-2.0
// Starting one container that was just created, with our terminal joined to it.

#include <string>

#include "base/error.h"
#include "cli/command.h"

namespace hoist::cli {

/// Tells why a start failed. @return docker's exit status for it: 127 and 126 for a command that cannot be run, else
/// 125
int start_failed(const Error& error);
/// Starts a container, shows its output until it ends or is let go of. Reads the options rm, detach-keys and sig-proxy.
/// @return its exit status
int follow_new(Context& context, const Arguments& arguments, const std::string& id, bool tty, bool stdin_);

}  // namespace hoist::cli
