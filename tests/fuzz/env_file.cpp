// SPDX-License-Identifier: Apache-2.0
// An env file, its raw form, and each line as a text with variables.
#include <cstdint>

#include "base/text.h"
#include "compose/dotenv.h"
#include "compose/interpolate.h"
#include "compose/variables.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    using namespace hoist::compose;
    const std::string text(reinterpret_cast<const char*>(data), size);
    Sources sources("/p");
    Report report(sources);
    const auto file = sources.add("/p/.env", text, "/p", nullptr);
    const Lookup lookup = [](const std::string& name) {
        return name == "A" ? std::optional<std::string>("a$B${C}") : std::nullopt;
    };
    (void)read_env(file, report, lookup);
    (void)read_raw_env(file, report);
    for (const auto& line : split(text, '\n')) {
        std::vector<TemplateIssue> issues;
        (void)expand(line, lookup, issues);
        for (const auto& issue : issues)
            if (issue.offset + issue.length > line.size()) std::abort();
        std::map<std::string, VariableUse> found;
        find_variables(line, found);
    }
    return 0;
}
