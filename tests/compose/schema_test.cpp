// SPDX-License-Identifier: Apache-2.0
// The published schema against our decoder and docs/compose-keys.md: every property is known, what is unknown is
// refused, and the page says of each what becomes of it.
#include <map>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "compose/draft.h"
#include "compose/merge.h"
#include "compose/tree.h"
#include "tests/compose/load.h"
#include "tests/compose/test_data.h"

namespace hoist::compose {
namespace {

/// A file that uses one property, with what is needed above it.
struct Use {
    std::string path;  ///< "services.*.build.context"
    Json file;
};

/// Finds every property of a schema, with a small file for each.
class SchemaWalk {
public:
    explicit SchemaWalk(const Json& schema) : schema_(schema) { walk(schema, "", {}); }
    std::vector<Use> properties, objects;

private:
    using Wrap = std::function<Json(Json)>;

    const Json& resolved(const Json& part) const {
        const auto reference = part.find("$ref");
        return reference == part.end() ? part : schema_.at(Json::json_pointer(reference->get<std::string>().substr(1)));
    }

    static Json sample(const Json& part) {
        if (part.contains("enum")) return part.at("enum").at(0);
        const Json type = part.contains("type") ? part.at("type") : Json("object");
        const std::string word = type.is_array() ? type.at(0).get<std::string>() : type.get<std::string>();
        if (word == "string") return "x";
        if (word == "boolean") return true;
        if (word == "integer" || word == "number") return 1;
        return word == "array" ? Json::array() : Json::object();
    }

    void walk(const Json& given, const std::string& path, const Wrap& wrap) {
        const Json& part = resolved(given);
        const auto put = [&](Json value) { return wrap ? wrap(std::move(value)) : value; };
        if (part.contains("properties")) {
            if (part.value("additionalProperties", Json(true)) == Json(false))
                objects.push_back({path, put({{"zzz", 1}})});
            for (const auto& [name, child] : part.at("properties").items()) {
                const std::string below = path.empty() ? name : path + "." + name;
                properties.push_back({below, put({{name, sample(resolved(child))}})});
                walk(child, below, [put, name = name](Json value) { return put({{name, std::move(value)}}); });
            }
        }
        for (const char* choice : {"oneOf", "anyOf"})
            if (part.contains(choice))
                for (const auto& one : part.at(choice)) walk(one, path, wrap);
        if (part.contains("patternProperties"))
            for (const auto& [pattern, child] : part.at("patternProperties").items())
                if (!pattern.starts_with("^x-"))
                    walk(child, path + ".*", [put](Json value) { return put({{"n", std::move(value)}}); });
        if (part.contains("items") && part.at("items").is_object())
            walk(part.at("items"), path + "[]", [put](Json value) { return put(Json::array({std::move(value)})); });
    }

    const Json& schema_;
};

struct Decoded {
    std::string errors;
    bool idle = false;
};

Decoded decode(Json file, const std::string& path) {
    // What a service needs to be looked into.
    if (file.contains("services"))
        for (auto& [name, service] : file["services"].items())
            if (service.is_object() && !service.contains("image")) service["image"] = "i";
    test::Files files(file.dump());
    files.texts["/p/x"] = "services: {x: {image: i}}";
    files.texts["/p/base.yaml"] = "services: {n: {image: i}}";
    const FileReader reader = files.reader();
    Context context(files.options, reader);
    Decoded decoded;
    try {
        find_files(context);
        Node tree = TreeLoader(context).load({"/p/compose.yaml"}, "/p", context.variables);
        drop_resets(tree);
        decoded.idle = !decode_project(context, tree).no_effect.empty();
        context.report.end_phase();
    } catch (const LoadError& problem) {
        decoded.errors = render(problem.diagnostics, DiagnosticFormat::brief, false);
    } catch (const Error& problem) {
        ADD_FAILURE() << path << ": " << problem.what();
    }
    return decoded;
}

Json read_schema() {
    const std::string folder = test::data("compose-spec");
    return folder.empty() ? Json() : parse_json(read_file(folder + "/compose-spec.json"), "schema");
}

TEST(Schema, EveryPropertyIsKnown) {
    const Json schema = read_schema();
    if (schema.is_null()) GTEST_SKIP() << "no compose-spec at hand";
    const SchemaWalk walk(schema);
    EXPECT_GE(walk.properties.size(), 344u);
    for (const auto& use : walk.properties)
        EXPECT_THAT(decode(use.file, use.path).errors, testing::Not(testing::HasSubstr("unknown key"))) << use.path;
}

TEST(Schema, WhatItDoesNotKnowIsRefused) {
    const Json schema = read_schema();
    if (schema.is_null()) GTEST_SKIP() << "no compose-spec at hand";
    for (const auto& use : SchemaWalk(schema).objects)
        EXPECT_THAT(decode(use.file, use.path).errors, testing::HasSubstr("unknown key \"zzz\"")) << use.path;
}

/// path -> state, from the tables of the page.
std::map<std::string, std::string> page() {
    std::map<std::string, std::string> states;
    for (const auto& line : split(read_file(std::string(SOURCE_DIR) + "/docs/compose-keys.md"), '\n')) {
        const auto cells = split(line, '|');
        if (cells.size() < 4 || cells[1].find('`') == std::string::npos) continue;
        const std::string path(trim(cells[1]));
        states[path.substr(1, path.size() - 2)] = std::string(trim(cells[2]));
    }
    return states;
}

TEST(Schema, ThePageTellsOfEveryProperty) {
    const Json schema = read_schema();
    if (schema.is_null()) GTEST_SKIP() << "no compose-spec at hand";
    const auto states = page();
    static const std::set<std::string> words = {"acts", "no effect", "refused"};
    std::set<std::string> seen;
    for (const auto& use : SchemaWalk(schema).properties) {
        if (!seen.insert(use.path).second) continue;
        const auto state = states.find(use.path);
        if (state == states.end()) {
            ADD_FAILURE() << "docs/compose-keys.md lacks | `" << use.path << "` |";
            continue;
        }
        EXPECT_TRUE(words.count(state->second)) << use.path << ": " << state->second;
        const Decoded decoded = decode(use.file, use.path);
        if (state->second != "refused") {
            EXPECT_EQ(decoded.idle, state->second == "no effect") << use.path;
        }
    }
}

}  // namespace
}  // namespace hoist::compose
