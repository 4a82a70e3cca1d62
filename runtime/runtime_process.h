#pragma once
// SPDX-License-Identifier: Apache-2.0
// Starting a process of hoist-runtime from the daemon.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"

namespace hoist::runtime {

struct RuntimeProcess {
    pid_t pid = -1;
    Fd pidfd;
    Fd socket;  ///< SOCK_SEQPACKET, non-blocking; its other end is the process's descriptor 3
};

/// Starts `hoist-runtime WORDS...` in a session of its own, with nothing but its socket and the HOIST_* variables. Safe
/// in a threaded program (posix_spawn). The caller reaps it, through pidfd.
/// @param runtime_program  path of hoist-runtime; may be /proc/self/fd/N @throws Error
RuntimeProcess spawn_runtime(const std::string& runtime_program, std::vector<std::string> words);

}  // namespace hoist::runtime
