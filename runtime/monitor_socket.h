#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where a monitor's socket is, for both of its ends.

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/fd.h"

namespace hoist::runtime {

/// The address of <directory>/monitor.sock. A path that is too long for one goes through the directory's descriptor;
/// the address is valid while this object lives.
struct MonitorAddress {
    explicit MonitorAddress(const std::string& run_directory);
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }

    Fd directory;
    sockaddr_un address{};
};

/// Makes the listening socket, which nobody but root can ever connect to. @throws Error
Fd listen_as_monitor(const std::string& run_directory);

}  // namespace hoist::runtime
