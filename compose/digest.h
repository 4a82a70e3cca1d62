#pragma once
// SPDX-License-Identifier: Apache-2.0
// SHA-256 of texts: of what a service is, and of the files given to it.

#include <string>
#include <string_view>

namespace hoist::compose {

/// In hexadecimal.
std::string sha256(std::string_view text);

}  // namespace hoist::compose
