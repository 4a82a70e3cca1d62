#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a directory holds.

#include <string>
#include <vector>

#include "base/fd.h"

namespace hoist {

/// The names in an open directory but "." and "..", sorted. The descriptor's own position stays. @throws Error
std::vector<std::string> names_in(const Fd& dir);

}  // namespace hoist
