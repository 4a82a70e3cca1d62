#pragma once
// SPDX-License-Identifier: Apache-2.0
// The three kinds of wildcards that a Dockerfile and its .dockerignore know.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::builder {

/// Which beginnings of a text match a shell's pattern ("*", "?", "\x"; "/" is a letter like others): true at each
/// length, 0 to the whole. Takes pattern times text steps.
std::vector<bool> matching_lengths(std::string_view pattern, std::string_view text);

/// A path against a pattern of .dockerignore, --exclude, or a source of COPY: "*" and "?" within a name, "[a-z]",
/// "**" across names. Both without a leading "/".
bool matches_path(std::string_view pattern, std::string_view path);

/// What is wrong with a pattern ("a [ is not closed"); nullopt if nothing is.
std::optional<std::string> pattern_mistake(std::string_view pattern);

bool has_wildcards(std::string_view pattern);

}  // namespace hoist::builder
