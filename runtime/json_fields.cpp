// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_fields.h"

#include <fmt/format.h>

namespace hoist::runtime {
namespace {

std::string dump(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string json_line(JsonFields fields) {
    std::string text;
    for (const auto& [key, value] : fields)
        text += fmt::format("{}\"{}\":{}", text.empty() ? "{" : ",", key, dump(value, -1));
    return text + "}";
}

std::string json_text(JsonFields fields) {
    std::string text;
    for (const auto& [key, value] : fields) {
        std::string lines = dump(value, 2);
        for (auto at = lines.find('\n'); at != std::string::npos; at = lines.find('\n', at + 3))
            lines.insert(at + 1, "  ");
        text += fmt::format("{}\n  \"{}\": {}", text.empty() ? "{" : ",", key, lines);
    }
    return text + "\n}";
}

}  // namespace hoist::runtime
