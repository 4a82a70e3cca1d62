#pragma once
// SPDX-License-Identifier: Apache-2.0
// JSON from outside, read strictly and within bounds.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hoist {

using Json = nlohmann::json;

/// Parses JSON text. Refuses trailing bytes, duplicate keys, non-UTF-8 text and nesting deeper than `depth`.
/// @throws Error(invalid) that starts with `name` and gives the byte offset
Json parse_json(std::string_view text, const std::string& name, int depth = 64);

/// object[key] as T; `fallback` if absent or null. @throws Error(invalid) that names the key if of another type
template <class T>
T json_value(const Json& object, const char* key, T fallback);
/// object[key] as T; nullopt if absent or null.
template <class T>
std::optional<T> json_optional(const Json& object, const char* key);

[[noreturn]] void fail_json_type(const char* key, const char* detail);

template <class T>
T json_value(const Json& object, const char* key, T fallback) {
    auto found = json_optional<T>(object, key);
    return found ? std::move(*found) : std::move(fallback);
}

template <class T>
std::optional<T> json_optional(const Json& object, const char* key) {
    const auto it = object.find(key);
    if (it == object.end() || it->is_null()) return std::nullopt;
    try {
        return it->template get<T>();
    } catch (const Json::exception& problem) {
        fail_json_type(key, problem.what());
    }
}

}  // namespace hoist
