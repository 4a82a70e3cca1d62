#pragma once
// SPDX-License-Identifier: Apache-2.0
// sd_notify(3) through the wall of a container: it gets a socket of its own in a directory mounted where NOTIFY_SOCKET
// says, and its "READY=1" is passed on to the real one. @see crun(1) "NOTIFY_SOCKET"

#include <string>

#include "base/fd.h"
#include "runtime/oci.h"

namespace hoist::runtime {

class NotifySocket {
public:
    /// Empty: nobody wants to know.
    NotifySocket() = default;
    /// Makes the directory for the socket and has it mounted and named in the configuration, if our own environment
    /// has a NOTIFY_SOCKET.
    static NotifySocket make(const std::string& state_directory, Config& config);
    /// What make() made, from another process.
    static NotifySocket find(const std::string& state_directory);

    /// Takes messages from here on.
    void listen();
    explicit operator bool() const { return static_cast<bool>(socket_); }
    const Fd& fd() const { return socket_; }
    /// Reads one message and passes on that the container is ready. @return whether it was that
    bool pass_on() const;
    /// Waits until the container is ready, or has ended.
    void wait_until_ready(const Fd& process) const;

private:
    static std::string directory_in(const std::string& state_directory) { return state_directory + "/notify"; }

    std::string directory_;  ///< on the host; empty: nobody wants to know
    Fd socket_;
};

}  // namespace hoist::runtime
