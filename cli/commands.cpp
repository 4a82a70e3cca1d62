// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <cstdio>

namespace hoist::cli {

int run_command(const std::vector<std::string>& arguments) {
    if (arguments.size() == 1 && arguments[0] == "version") {
        std::puts("hoist " HOIST_VERSION);
        return 0;
    }
    std::fputs("usage: hoist COMMAND\n", stderr);
    return 2;
}

}  // namespace hoist::cli
