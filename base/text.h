#pragma once
// SPDX-License-Identifier: Apache-2.0
// Small work on text that several folders need.

#include <string>
#include <string_view>
#include <vector>

namespace hoist {

/// Untrusted text made safe for a terminal: control characters (C0, DEL, C1), malformed UTF-8 and bidirectional marks
/// are written as \x1b or \u202e; what remains prints as itself. Everything hoist prints of others' text goes through
/// here, but for `logs`, attach and exec. (SEC-52)
std::string escape_for_terminal(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

/// The number of single-character edits (with transpositions) between two words.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The number of a signal named "TERM", "SIGTERM", "sigterm", "15" or "RTMIN+3"; 0 if there is none.
int parse_signal(std::string_view text);
/// "SIGTERM" for 15; "signal 77" for one without a name.
std::string signal_name(int number);

}  // namespace hoist
