#pragma once
// SPDX-License-Identifier: Apache-2.0
// The user's terminal joined to a process in a container.

#include <functional>

#include "cli/http.h"
#include "cli/terminal.h"

namespace hoist::cli {

struct SessionOptions {
    bool tty = false;                          ///< raw bytes and raw mode; else frames
    bool stdin_ = true;                        ///< pass standard input on
    std::string detach_keys;                   ///< as given; the daemon heeds them, we only learn that it did
    std::function<void(TerminalSize)> resize;  ///< called at the start and at each SIGWINCH
    std::function<void(int)> pass_signal;      ///< given: called for signals that would end us, without a terminal
};

enum class SessionEnd { ended, detached };
/// Carries bytes both ways until the other side ends. The terminal is itself again afterwards, whatever happens.
SessionEnd run_session(Answer& stream, const SessionOptions& options);

}  // namespace hoist::cli
