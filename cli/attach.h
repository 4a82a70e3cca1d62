#pragma once
// SPDX-License-Identifier: Apache-2.0
// Joining a container's own streams: what run and attach share.

#include <functional>
#include <string>

#include "cli/http.h"
#include "cli/options.h"

namespace hoist::cli {

/// "attach?stream=1&..." for all output, and input if wanted.
std::string attach_target(bool stdin_, const std::string& detach_keys);

inline const Option sig_proxy_option{"--sig-proxy", "", "pass signals on to it (always so; =false: not)"};
/// Sends signals that we get on to a container's process 1; empty with --sig-proxy=false. `client` must outlive it.
std::function<void(int)> signal_sender(const Client& client, const std::string& id, const Arguments& arguments);

}  // namespace hoist::cli
