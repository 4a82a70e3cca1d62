#pragma once
// SPDX-License-Identifier: Apache-2.0
// How the words of one instruction are told apart.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::builder {

bool is_blank(char c);
/// Words between blanks, all characters kept.
std::vector<std::string> split_blanks(std::string_view text);
/// Words between blanks; quoted blanks do not separate. Quotes and escapes are kept.
std::vector<std::string> split_quoted(std::string_view text, char escape);
/// Takes the leading "--flag" words from `text`, quotes and backslashes taken off. A "--" ends them.
std::vector<std::string> take_flags(std::string_view& text);
/// A JSON array of strings; nullopt if the text is none. `mixed` tells that it is an array of other things.
std::optional<std::vector<std::string>> parse_string_array(std::string_view text, bool& mixed);

}  // namespace hoist::builder
