#pragma once
// SPDX-License-Identifier: Apache-2.0
// Reading JSON with strict types and with the path of the key in errors ("linux.resources.memory.limit"). The path is
// put together only when something is wrong.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace hoist::runtime {

/// One value of a document and how one got there.
class JsonReader {
public:
    explicit JsonReader(const Json& document) : value_(&document) {}

    std::string path() const {
        if (!parent_) return "";
        std::string above = parent_->path();
        if (!key_) return above + "[" + std::to_string(index_) + "]";
        return above.empty() ? key_ : above + "." + key_;
    }
    [[noreturn]] void refuse(const char* why) const { fail(Kind::invalid, "{}: {}", path(), why); }
    const Json& json() const { return *value_; }

    /// Calls what(reader) if the key is there and not null.
    template <class What>
    void with(const char* key, What what) const {
        if (!value_->is_object()) refuse("must be an object");
        const auto it = value_->find(key);
        if (it != value_->end() && !it->is_null()) what(JsonReader(*it, this, key, 0));
    }
    /// Calls what(reader) for each element of the array under the key.
    template <class What>
    void each(const char* key, What what) const {
        with(key, [&](const JsonReader& list) {
            if (!list.value_->is_array()) list.refuse("must be an array");
            int index = 0;
            for (const Json& element : *list.value_) what(JsonReader(element, &list, nullptr, index++));
        });
    }
    /// Sets `into` from the key, if it is there.
    template <class T>
    void read(const char* key, T& into) const {
        with(key, [&](const JsonReader& found) { into = found.as<T>(); });
    }
    template <class T>
    void read(const char* key, std::optional<T>& into) const {
        with(key, [&](const JsonReader& found) { into = found.as<T>(); });
    }
    template <class T>
    void read(const char* key, std::vector<T>& into) const {
        each(key, [&](const JsonReader& found) { into.push_back(found.as<T>()); });
    }

    /// The value itself. @throws Error(invalid) if it is of another type or out of range
    template <class T>
    T as() const {
        if constexpr (std::is_same_v<T, bool>) {
            if (!value_->is_boolean()) refuse("must be true or false");
            return value_->get<bool>();
        } else if constexpr (std::is_same_v<T, std::string>) {
            if (!value_->is_string()) refuse("must be a string");
            const auto& text = value_->get_ref<const std::string&>();
            if (text.find('\0') != std::string::npos) refuse("must not contain NUL");
            return text;
        } else {
            static_assert(std::is_integral_v<T>);
            return number<T>();
        }
    }

private:
    JsonReader(const Json& value, const JsonReader* parent, const char* key, int index)
        : value_(&value), parent_(parent), key_(key), index_(index) {}

    template <class T>
    T number() const {
        if (!value_->is_number_integer()) refuse("must be a whole number");
        // Numbers put together in a program are signed also where they are positive.
        if (value_->is_number_unsigned() || value_->get<std::int64_t>() >= 0) {
            const auto n = value_->get<std::uint64_t>();
            if (n > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) refuse("is out of range");
            return static_cast<T>(n);
        }
        const auto n = value_->get<std::int64_t>();
        if (std::is_unsigned_v<T> || n < static_cast<std::int64_t>(std::numeric_limits<T>::min()))
            refuse("is out of range");
        return static_cast<T>(n);
    }

    const Json* value_;
    const JsonReader* parent_ = nullptr;
    const char* key_ = nullptr;
    int index_ = 0;
};

}  // namespace hoist::runtime
