// SPDX-License-Identifier: Apache-2.0
// docs/runtime.md against the specification's schema: no key is left out.
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

const std::string folder = SOURCE_DIR "/../shared/data/runtime-spec/";

/// The names of all keys below a schema, wherever they stand.
class Schema {
public:
    std::set<std::string> keys() {
        walk(file("config-schema.json"), "config-schema.json", "");
        return keys_;
    }

private:
    const Json& file(const std::string& name) {
        auto& document = files_[name];
        if (document.is_null()) document = parse_json(read_file(folder + name), name);
        return document;
    }
    void follow(const std::string& reference, const std::string& from, const std::string& path) {
        const auto hash = reference.find('#');
        const std::string name = hash == 0 ? from : reference.substr(0, hash);
        if (::access((folder + name).c_str(), F_OK) != 0) return;  // another platform's
        const auto pointer = Json::json_pointer(reference.substr(hash + 1));
        walk(file(name).at(pointer), name, path);
    }
    void walk(const Json& schema, const std::string& from, const std::string& path) {
        if (!schema.is_object() || path.size() > 200) return;
        if (schema.contains("$ref")) follow(schema["$ref"], from, path);
        for (const char* list : {"allOf", "anyOf"})
            if (schema.contains(list))
                for (const auto& one : schema[list]) walk(one, from, path);
        if (schema.contains("items")) walk(schema["items"], from, path);
        if (schema.contains("additionalProperties")) walk(schema["additionalProperties"], from, path);
        if (!schema.contains("properties")) return;
        for (const auto& [name, value] : schema["properties"].items()) {
            keys_.insert(name);
            walk(value, from, path + "." + name);
        }
    }
    std::map<std::string, Json> files_;
    std::set<std::string> keys_;
};

/// Every word in backquotes, and each part of it.
std::set<std::string> written_keys(const std::string& page) {
    std::set<std::string> words;
    const auto quoted = split(page, '`');
    for (std::size_t i = 1; i < quoted.size(); i += 2) {
        for (const auto& part : split(quoted[i], '.')) words.insert(part);
    }
    return words;
}

TEST(RuntimePage, HasEveryKeyOfTheSpecification) {
    if (::access(folder.c_str(), F_OK) != 0) GTEST_SKIP() << "the specification's schema is not on this machine";
    const auto written = written_keys(read_file(SOURCE_DIR "/docs/runtime.md"));
    const auto keys = Schema().keys();
    EXPECT_GT(keys.size(), 100u);
    // Parts of entries that the page describes as one.
    const std::set<std::string> within = {"rate",     "weight", "leafWeight", "pageSize",   "limit",
                                          "priority", "name",   "hcaHandles", "hcaObjects", "allow",
                                          "access",   "index",  "value",      "valueTwo",   "op"};
    for (const auto& key : keys) {
        EXPECT_TRUE(within.count(key) || written.count(key)) << "docs/runtime.md does not tell of " << key;
    }
}

}  // namespace
}  // namespace hoist::runtime
