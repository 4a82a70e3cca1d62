#pragma once
// SPDX-License-Identifier: Apache-2.0
// Writing canonical values: what is empty or a default is left out. Internal to emit.cpp and emit_service.cpp.

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "compose/model.h"

namespace hoist::compose {

using Out = nlohmann::ordered_json;

Out service_out(const Service& service);
Out on_change_out(const OnChange& reaction);

/// A text that interpolation gives back unchanged.
inline std::string literal(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
    return out;
}

inline void put(Out& out, const char* key, const std::string& value) {
    if (!value.empty()) out[key] = literal(value);
}
inline void put(Out& out, const char* key, bool value) {
    if (value) out[key] = true;
}
inline void put(Out& out, const char* key, const std::vector<std::string>& list) {
    for (const auto& item : list) out[key].push_back(literal(item));
}
inline void put(Out& out, const char* key, const std::map<std::string, std::string>& map) {
    for (const auto& [name, value] : map) out[key][name] = literal(value);
}
inline void put(Out& out, const char* key, const std::optional<Bytes>& value) {
    if (value) out[key] = value->count < 0 ? Out(value->count) : Out(std::to_string(value->count));
}
inline void put(Out& out, const char* key, const std::optional<Nanoseconds>& value) {
    if (value) out[key] = format_duration(*value);
}
template <class T>
void put(Out& out, const char* key, const std::optional<T>& value) {
    if (value) out[key] = *value;
}
inline void put_mode(Out& out, const char* key, const std::optional<std::uint32_t>& mode) {
    if (mode) out[key] = fmt::format("{:04o}", *mode);
}
inline void put_command(Out& out, const char* key, const std::optional<std::vector<std::string>>& words) {
    if (!words) return;
    out[key] = Out::array();
    put(out, key, *words);
}

/// x-* and the like: any JSON, with texts that interpolation leaves alone.
inline Out literal_json(const Json& json) {
    Out out;
    if (json.is_string()) return literal(json.get<std::string>());
    if (json.is_array()) {
        out = Out::array();
        for (const auto& item : json) out.push_back(literal_json(item));
    } else if (json.is_object()) {
        out = Out::object();
        for (const auto& [key, value] : json.items()) out[key] = literal_json(value);
    } else {
        out = Out::parse(json.dump());
    }
    return out;
}

}  // namespace hoist::compose
