#pragma once
// SPDX-License-Identifier: Apache-2.0
// What a diagnostic's code means, at length.

#include <string>
#include <string_view>
#include <vector>

namespace hoist::compose {

/// A page of text for "C03"; empty for a code that there is not. Case does not matter.
std::string explain(std::string_view code);
/// All codes, in order.
std::vector<std::string> explained_codes();

}  // namespace hoist::compose
