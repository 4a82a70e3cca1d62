#pragma once
// SPDX-License-Identifier: Apache-2.0
// A program of the host, run to its end: git and curl.

#include <stop_token>
#include <string>
#include <vector>

namespace hoist::builder {

struct ProgramEnd {
    int status = 0;      ///< exit status; 128 + signal
    std::string output;  ///< the last of what it wrote to stdout and stderr
};

/// Runs a program found through PATH, without input and with no descriptor of ours; kills it when `stop` is asked for.
/// @throws Error(not_found) if it is not installed, Error(unavailable) if it was stopped
ProgramEnd run_program(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                       std::stop_token stop);

}  // namespace hoist::builder
