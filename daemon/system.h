#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a daemon agrees on with the rest of the machine: who may run, inherited sockets, readiness.

#include <optional>
#include <string>

#include "base/fd.h"

namespace hoist::daemon {

/// Takes the lock on a pid file and writes our pid into it; held as long as the result lives, gone with the process.
/// @throws Error(conflict) that names the pid of the daemon that holds it
Fd lock_pid_file(const std::string& path);

/// The listening socket that systemd passed, if it did. @see sd_listen_fds(3)
std::optional<Fd> inherited_socket();

/// Tells systemd "READY=1" or "STOPPING=1"; without systemd nothing. @see sd_notify(3)
void notify_service_manager(const std::string& state);

/// Raises the soft limit of open files to the hard one: each container costs several.
void raise_file_limit();

}  // namespace hoist::daemon
