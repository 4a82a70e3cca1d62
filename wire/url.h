#pragma once
// SPDX-License-Identifier: Apache-2.0
// Request targets: percent-encoding and query strings.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::wire {

/// Decodes %XX. @throws Error(invalid) for a broken escape or an encoded NUL
std::string percent_decode(std::string_view text);
/// Encodes everything but letters, digits and "-_.~".
std::string percent_encode(std::string_view text);

/// The parameters behind the '?', decoded. Unknown ones are ignored, as clients expect of an open schema.
class Query {
public:
    /// @throws Error(invalid) for broken escapes, or more than 1000 parameters
    static Query parse(std::string_view text);

    std::optional<std::string> find(const std::string& name) const;  ///< the first value
    std::string get(const std::string& name, std::string fallback = {}) const;
    std::vector<std::string> all(const std::string& name) const;
    /// As Docker reads a flag: absent, "", "0", "no", "false" and "none" are false.
    bool flag(const std::string& name, bool fallback = false) const;
    /// @throws Error(invalid) that names the parameter if it is no number
    std::optional<std::int64_t> number(const std::string& name) const;

    /// Adds a parameter, for clients.
    Query& add(std::string name, std::string value);
    /// "a=1&b=2" with escapes; empty without parameters.
    std::string str() const;

private:
    std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace hoist::wire
