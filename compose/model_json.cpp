// SPDX-License-Identifier: Apache-2.0
// The model as JSON and back. Each type lists its members once (model_members.h), for both directions; what has its
// default value is left out, so that stored documents stay small and old ones can be read after a member was added.
#include <array>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "compose/model_members.h"

namespace hoist::compose {
namespace {

struct NoMember {
    template <class Key, class Member>
    void operator()(Key, Member) {}
};
template <class T>
concept Composite = requires(NoMember& v, T* tag) {
    members(v, tag);
};

// Declared before any is defined: argument-dependent look-up does not see into an unnamed namespace.
template <class T>
Json encode(const T& value);
template <class T>
Json encode(const std::vector<T>& list);
template <class T>
Json encode(const std::map<std::string, T>& map);
template <class T>
Json encode(const std::pair<std::string, T>& pair);
template <class T>
Json encode(const std::optional<T>& value) {
    return value ? encode(*value) : Json();
}
template <class T>
Json encode(const std::vector<T>& list) {
    Json array = Json::array();
    for (const auto& item : list) array.push_back(encode(item));
    return array;
}
template <class T>
Json encode(const std::map<std::string, T>& map) {
    Json object = Json::object();
    for (const auto& [key, value] : map) object[key] = encode(value);
    return object;
}
template <class T>
Json encode(const std::pair<std::string, T>& pair) {
    return Json::array({pair.first, encode(pair.second)});
}

template <class T>
struct Encoder {
    const T& value;
    const T fallback{};
    Json object = Json::object();
    template <class Member>
    void operator()(const char* key, Member T::*member) {
        if (value.*member == fallback.*member) return;
        object[key] = encode(value.*member);
    }
};

template <class T>
Json encode(const T& value) {
    if constexpr (Composite<T>) {
        Encoder<T> encoder{value};
        members(encoder, static_cast<T*>(nullptr));
        return std::move(encoder.object);
    } else if constexpr (std::is_enum_v<T>) {
        return names_of(T{})[static_cast<std::size_t>(value)];
    } else if constexpr (std::is_same_v<T, Bytes> || std::is_same_v<T, Nanoseconds>) {
        if constexpr (std::is_same_v<T, Bytes>)
            return value.count;
        else
            return value.count();
    } else {
        return Json(value);
    }
}

template <class T>
void decode(const Json& json, T& value);
template <class T>
void decode(const Json& json, std::vector<T>& list);
template <class T>
void decode(const Json& json, std::map<std::string, T>& map);
template <class T>
void decode(const Json& json, std::pair<std::string, T>& pair);
template <class T>
void decode(const Json& json, std::optional<T>& value) {
    value.reset();
    if (!json.is_null()) decode(json, value.emplace());
}
template <class T>
void decode(const Json& json, std::vector<T>& list) {
    if (!json.is_array()) fail(Kind::invalid, "expected an array");
    list.clear();
    for (const auto& item : json) decode(item, list.emplace_back());
}
template <class T>
void decode(const Json& json, std::map<std::string, T>& map) {
    if (!json.is_object()) fail(Kind::invalid, "expected an object");
    map.clear();
    for (const auto& [key, item] : json.items()) decode(item, map[key]);
}
template <class T>
void decode(const Json& json, std::pair<std::string, T>& pair) {
    if (!json.is_array() || json.size() != 2) fail(Kind::invalid, "expected a pair");
    pair.first = json[0].get<std::string>();
    decode(json[1], pair.second);
}

template <class T>
struct Decoder {
    T& value;
    const Json& object;
    template <class Member>
    void operator()(const char* key, Member T::*member) {
        const auto found = object.find(key);
        if (found == object.end()) return;
        try {
            decode(*found, value.*member);
        } catch (const Json::exception&) {
            fail(Kind::invalid, "{}: a {} is of the wrong type", key, found->type_name());
        } catch (Error& problem) {
            problem.during("{}", key);
            throw;
        }
    }
};

template <class T>
void decode(const Json& json, T& value) {
    if constexpr (Composite<T>) {
        if (!json.is_object()) fail(Kind::invalid, "expected an object");
        Decoder<T> decoder{value, json};
        members(decoder, static_cast<T*>(nullptr));
    } else if constexpr (std::is_enum_v<T>) {
        const auto text = json.get<std::string>();
        const auto names = names_of(T{});
        const auto found = std::find(names.begin(), names.end(), text);
        if (found == names.end()) fail(Kind::invalid, "\"{}\" is not one of its words", text);
        value = static_cast<T>(found - names.begin());
    } else if constexpr (std::is_same_v<T, Bytes>) {
        value.count = json.get<std::int64_t>();
    } else if constexpr (std::is_same_v<T, Nanoseconds>) {
        value = Nanoseconds(json.get<std::int64_t>());
    } else {
        value = json.get<T>();
    }
}

}  // namespace

Json to_json(const Project& project) {
    return encode(project);
}

Json hashed_json(const Service& service) {
    Encoder<Service> encoder{service};
    hashed_members(encoder, static_cast<Service*>(nullptr));
    Json& object = encoder.object;
    // A change of what is answered otherwise than by a new container must not make one.
    for (const auto& [key, grants] : {std::pair("configs", &service.configs), std::pair("secrets", &service.secrets)})
        for (std::size_t i = 0; i < grants->size(); ++i) {
            if ((*grants)[i].on_change.how != OnChange::How::recreate) object[key][i].erase("digest");
            object[key][i].erase("on_change");
        }
    return std::move(object);
}

std::string to_text(const Probe& probe) {
    return encode(probe).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Probe probe_from_text(const std::string& text) {
    Probe probe;
    decode(parse_json(text, "probe"), probe);
    return probe;
}

Project project_from_json(const Json& document) {
    Project project;
    try {
        decode(document, project);
    } catch (Error& problem) {
        problem.during("project");
        throw;
    }
    return project;
}

}  // namespace hoist::compose
