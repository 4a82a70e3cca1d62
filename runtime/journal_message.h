#pragma once
// SPDX-License-Identifier: Apache-2.0
// systemd's native journal protocol, as much of it as a container's output needs. Pure.
// @see systemd.io/JOURNAL_NATIVE_PROTOCOL

#include <map>
#include <string>
#include <string_view>

namespace hoist::runtime {

/// Appends FIELD=value, or the form with a length for values of several lines. `field` must be a name that the journal
/// takes: see journal_field.
void append_field(std::string& to, std::string_view field, std::string_view value);

/// A label's or variable's name as a field: upper case, all else "_", and begun by a letter. Empty if nothing is left.
std::string journal_field(std::string_view name);

/// "PRIORITY" of what a container writes: stderr is an error (3), stdout information (6), as Docker has it.
inline constexpr std::string_view priority_error = "3", priority_warning = "4", priority_information = "6";

}  // namespace hoist::runtime
