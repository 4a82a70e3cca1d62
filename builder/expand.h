#pragma once
// SPDX-License-Identifier: Apache-2.0
// Variables, quotes and escapes in an instruction's words. @see the Dockerfile reference, "Environment replacement"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::builder {

/// The value of a variable; nullopt if it is not set.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

struct ExpandOptions {
    char escape = '\\';
    bool raw_quotes = false;  ///< quotes and escapes stay as they are: texts of here-documents
};

/// Replaces $name, ${name} and ${name:-word} with all its relatives (- + ? # ## % %% / //), then takes quotes and
/// escapes off. @throws Error(invalid) for an unclosed quote or brace, or a variable that must be set
std::string expand(std::string_view word, const Lookup& lookup, const ExpandOptions& options = {});

/// As expand, then split at blanks that are not quoted, those of unquoted variables included.
std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup, const ExpandOptions& options = {});

}  // namespace hoist::builder
