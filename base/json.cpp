// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <set>

#include "base/error.h"

namespace hoist {

Json parse_json(std::string_view text, const std::string& name, int depth) {
    std::vector<std::set<std::string>> keys;  // of the objects that are open
    std::string duplicate;
    bool too_deep = false;
    const auto watch = [&](int level, Json::parse_event_t event, Json& parsed) {
        if (level > depth) too_deep = true;
        if (event == Json::parse_event_t::object_start) keys.emplace_back();
        if (event == Json::parse_event_t::object_end) keys.pop_back();
        if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
            duplicate = parsed.get<std::string>();
        return !too_deep;  // what is too deep is not kept
    };
    Json document;
    try {
        document = Json::parse(text, watch);
    } catch (const Json::parse_error& problem) {
        fail(Kind::invalid, "{}: malformed JSON at byte {}", name, problem.byte);
    } catch (const Json::exception&) {
        fail(Kind::invalid, "{}: malformed JSON: a number is out of range", name);
    }
    if (too_deep) fail(Kind::invalid, "{}: JSON nested deeper than {} levels", name, depth);
    if (!duplicate.empty()) fail(Kind::invalid, "{}: JSON key \"{}\" is there twice", name, duplicate);
    return document;
}

void fail_json_type(const char* key, const char* detail) {
    const std::string text = detail;
    const auto words = text.find("] ");
    fail(Kind::invalid, "key \"{}\": {}", key, words == std::string::npos ? text : text.substr(words + 2));
}

}  // namespace hoist
