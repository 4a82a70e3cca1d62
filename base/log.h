#pragma once
// SPDX-License-Identifier: Apache-2.0
// The daemon's log: a line starts with the container or project it is about. Not for hoist-runtime, which has none.

#include <spdlog/spdlog.h>

#include <string>

namespace hoist {

/// Sends log lines to stderr, with time unless under systemd (JOURNAL_STREAM set). `level`: trace debug info warn
/// error. @throws Error(invalid) for another word
void open_log(const std::string& level);

}  // namespace hoist
