#pragma once
// SPDX-License-Identifier: Apache-2.0
// Handing the descriptor of a seccomp filter to the one who answers its calls. @see opencontainers/runtime-spec
// config-linux.md "The Container Process State"

#include <string>

#include "base/fd.h"
#include "base/json.h"
#include "runtime/clone.h"
#include "runtime/seccomp.h"

namespace hoist::runtime::init {

/// The connection to a listener, with what it is to be told.
class NotifyConnection {
public:
    NotifyConnection() = default;
    /// Connects, while the host's files are in sight. @param pid  of the process that will have the filter, as the host
    /// counts @throws Error that names linux.seccomp.listenerPath
    NotifyConnection(SeccompListener listener, Json state, pid_t pid);

    explicit operator bool() const { return static_cast<bool>(socket_); }
    /// Renumbers the descriptor to `lowest` or above.
    void move_above(int lowest);
    int descriptor() const { return socket_.get(); }
    /// The filter may ask the listener about every call of this process, so a helper without a filter, which shares
    /// this process' descriptors, sends the filter's. @param note  where the pid of the process will stand that
    /// inherits the filter; null: it is this one. Does nothing without a listener.
    void start_helper(const PidNote* note);
    /// Loads the filter, and has its descriptor sent. @throws Error
    void load_filter(const SeccompProgram& program);

private:
    struct Shared;
    Fd socket_;
    SeccompListener listener_;
    Json state_;
    pid_t pid_ = 0, helper_ = 0;
    Shared* shared_ = nullptr;
    bool for_another_ = false;
};

}  // namespace hoist::runtime::init
