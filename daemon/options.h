#pragma once
// SPDX-License-Identifier: Apache-2.0
// hoistd's own command line.

#include <optional>
#include <string>
#include <vector>

namespace hoist::daemon {

struct Options {
    std::string root = "/var/lib/hoist", run = "/run/hoist";
    std::string socket;  ///< empty: <run>/hoist.sock
    std::string config = "/etc/hoist/daemon.json";  ///< need not exist unless it was asked for
    std::string log_level = "info";
    bool help = false, version = false;
};

/// Flags come before HOIST_ROOT, HOIST_RUN and HOIST_HOST. @throws Error(invalid) for what is no option
Options read_options(const std::vector<std::string>& arguments);
extern const char* const usage;

/// hoist-runtime beside this program, in ../libexec/hoist, or on PATH. @throws Error(not_found) naming these places
std::string find_runtime();

}  // namespace hoist::daemon
