#pragma once
// SPDX-License-Identifier: Apache-2.0
// The parts of writing config.json: what is absent or empty is left out. (Inside of runtime/oci_write*.cpp only.)

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "runtime/oci.h"

namespace hoist::runtime {

template <class T>
void put(Json& object, const char* key, const std::optional<T>& value) {
    if (value) object[key] = *value;
}
inline void put(Json& object, const char* key, const std::string& value) {
    if (!value.empty()) object[key] = value;
}
template <class T>
void put(Json& object, const char* key, const std::vector<T>& list) {
    if (!list.empty()) object[key] = list;
}
inline void put(Json& object, const char* key, const std::map<std::string, std::string>& map) {
    if (!map.empty()) object[key] = map;
}
inline void put_section(Json& object, const char* key, Json section) {
    if (!section.empty()) object[key] = std::move(section);
}

}  // namespace hoist::runtime
