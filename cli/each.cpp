// SPDX-License-Identifier: Apache-2.0
#include "cli/each.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/terminal.h"

namespace hoist::cli {

int for_each_name(const std::vector<std::string>& names, const std::function<std::string(const std::string&)>& act) {
    int status = 0;
    for (const auto& name : names) {
        try {
            print(escape_for_terminal(act(name)) + "\n");
        } catch (const Error& error) {
            print_error(fmt::format("hoist: {}\n", escape_for_terminal(error.message())));
            status = 1;
        }
    }
    return status;
}

}  // namespace hoist::cli
