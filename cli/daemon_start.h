#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where the daemon is, and starting it when it is not there.

#include <string>

#include "cli/http.h"

namespace hoist::cli {

/// The socket's path: `host` (-H), else HOIST_HOST, else <HOIST_RUN>/hoist.sock, else /run/hoist/hoist.sock.
/// @throws Error(invalid) for a host that is no unix socket
std::string daemon_socket(const std::string& host);

/// A client of a daemon that answers. If none does, the socket is the default one of this machine and we are root,
/// hoistd is started and waited for.
/// @throws Error(unavailable) that says what to do
Client connect_to_daemon(const std::string& host);

}  // namespace hoist::cli
