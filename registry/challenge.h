#pragma once
// SPDX-License-Identifier: Apache-2.0
// What registries say in headers: how to log in, which part of a blob this is. Pure; all of it is hostile.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hoist::registry {

/// One way to log in. @see RFC 9110 section 11.6.1
struct Challenge {
    std::string scheme;  ///< lower case: "bearer", "basic"
    std::map<std::string, std::string> parameters;
};
/// Reads WWW-Authenticate; what cannot be read is left out.
std::vector<Challenge> parse_challenges(const std::string& header);

/// "bytes 100-199/200" of an answer 206. nullopt if malformed.
struct ContentRange {
    std::int64_t first = 0, last = 0;
    std::optional<std::int64_t> whole;
};
std::optional<ContentRange> parse_content_range(const std::string& header);

/// Seconds of a Retry-After header; nullopt for a date or nonsense. At most an hour.
std::optional<int> parse_retry_after(const std::string& header);

std::string base64(const std::string& bytes);
/// Standard or URL alphabet, with or without padding. nullopt if malformed.
std::optional<std::string> unbase64(const std::string& text);

}  // namespace hoist::registry
