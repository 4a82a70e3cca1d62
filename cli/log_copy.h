#pragma once
// SPDX-License-Identifier: Apache-2.0
// The log of one container, passed on as it comes: nothing is cut into lines, so that this is about as fast as cat.

#include <string>

#include "cli/http.h"
#include "cli/log_follow.h"

namespace hoist::cli {

/// Prints a container's log, its standard error to ours, until its end (or for ever, if it is followed).
void copy_log(const Client& client, const std::string& id, bool tty, const LogWindow& window, bool timestamps);

}  // namespace hoist::cli
