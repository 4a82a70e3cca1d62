#pragma once
// SPDX-License-Identifier: Apache-2.0
// The `filters` parameter of lists and events.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hoist::wire {

/// {"label":["a=b"],"status":["running"]}: values of one key are alternatives (labels: all needed), keys all needed.
/// @see Docker Engine API, "filters"
class Filters {
public:
    /// Reads both forms that clients send, {"k":["v"]} and {"k":{"v":true}}; empty text has no filters.
    /// @throws Error(invalid) "invalid filter 'x'" for a key that is not in `known`
    static Filters parse(std::string_view text, const std::set<std::string>& known);
    /// Adds "key=value" as given to --filter. @throws Error(invalid)
    void add(const std::string& key_and_value);
    void add(const std::string& key, const std::string& value) { values_[key].push_back(value); }

    bool empty() const { return values_.empty(); }
    bool has(const std::string& key) const { return values_.contains(key); }
    std::vector<std::string> values(const std::string& key) const;
    /// Whether `key` is not filtered, or one of its values equals `value`.
    bool allows(const std::string& key, const std::string& value) const;
    /// As allows, but a value may also be a prefix (ids).
    bool allows_prefix(const std::string& key, const std::string& value) const;
    /// As allows, but a value is a part or a regular expression (names).
    bool allows_name(const std::string& key, const std::string& value) const;
    /// "label" ("k" or "k=v", all of them) and "label!" (none of them).
    bool allows_labels(const std::map<std::string, std::string>& labels) const;
    /// The JSON form, for clients; empty without filters.
    std::string str() const;

private:
    std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace hoist::wire
