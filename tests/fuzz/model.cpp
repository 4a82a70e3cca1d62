// SPDX-License-Identifier: Apache-2.0
// A project as the daemon gets it: what is read is written and read again the same.
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "compose/cron.h"
#include "compose/graph.h"
#include "compose/loader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    using namespace hoist::compose;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)check_cron(text.substr(0, 200));
    try {
        const Project project = project_from_json(parse_json(text, "project"));
        if (!(project_from_json(to_json(project)) == project)) std::abort();
        (void)to_yaml(project);
        (void)graph_text(project);
        (void)graph_svg(project);
    } catch (const Error&) {
        return 0;
    }
    return 0;
}
