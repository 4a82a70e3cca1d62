#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where a value came from: its file and line, and the way that it took.

#include <string>

#include "compose/loader.h"

namespace hoist::compose {

/// Tells of the value at a path such as "services.web.ports[0]": where it is written, which alias, merge key, extends
/// or include brought it here, what it replaced, which variables are in it. The path is that of the merged files in
/// long notation, before defaults are applied.
/// @throws LoadError; Error(not_found) that says what there is instead
Diagnostic why(const LoadOptions& options, const FileReader& read, const std::string& path);

}  // namespace hoist::compose
