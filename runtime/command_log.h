#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the command line tells about itself: on standard error for people, and in the file of --log, whose last error
// engines (containerd, conmon, podman) read back and show to their users.

#include <fmt/format.h>

#include <string>

namespace hoist::runtime {

/// Opens the log. @param path  "" for standard error alone, also "file:PATH"
/// @throws Error(invalid) for a format other than "text" and "json", Error if the file cannot be opened
void open_command_log(std::string path, const std::string& format, bool debug);

/// One line each. An error goes to the log and, always, to standard error.
void log_error(const std::string& message);
void log_warning(const std::string& message);
void log_debug_line(const std::string& message);
bool logs_debug();

/// A step worth knowing when something goes wrong; costs nothing without --debug.
template <class... Args>
void log_debug(fmt::format_string<Args...> what, Args&&... args) {
    if (logs_debug()) log_debug_line(fmt::format(what, std::forward<Args>(args)...));
}

}  // namespace hoist::runtime
