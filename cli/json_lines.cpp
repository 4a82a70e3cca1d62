// SPDX-License-Identifier: Apache-2.0
#include "cli/json_lines.h"

#include "base/error.h"
#include "base/text.h"

namespace hoist::cli {

void read_json_lines(Answer& answer, const std::function<void(const Json&)>& take) {
    std::string text;
    for (bool more = true; more;) {
        more = answer.read_some(text);
        std::size_t end = 0;
        while ((end = text.find('\n')) != std::string::npos) {
            const std::string line = text.substr(0, end);
            text.erase(0, end + 1);
            if (trim(line).empty()) continue;
            const Json object = parse_json(trim(line), "the daemon's answer");
            if (const auto error = json_value(object, "error", std::string{}); !error.empty())
                throw Error(kind_from_string(json_value(object, "kind", std::string{})), error);
            take(object);
        }
    }
}

}  // namespace hoist::cli
