#pragma once
// SPDX-License-Identifier: Apache-2.0
// Which variables a project's files ask for.

#include <map>
#include <string>
#include <string_view>

#include "compose/loader.h"

namespace hoist::compose {

struct VariableUse {
    bool required = false;  ///< ${V:?} or ${V?}
    std::string fallback;   ///< of ${V:-d} or ${V-d}
    std::string alternate;  ///< of ${V:+r} or ${V+r}
    bool set = false;
    std::string value;
    std::string file;  ///< where it is first used
    int line = 0;
};

/// All variables of the files (included ones come with their own), by name. @throws LoadError for malformed YAML
std::map<std::string, VariableUse> variables_used(const LoadOptions& options, const FileReader& read);

// ---- pure part ----

/// The variables of one text, with what stands behind each.
void find_variables(std::string_view text, std::map<std::string, VariableUse>& found);

}  // namespace hoist::compose
