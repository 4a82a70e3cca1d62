#pragma once
// SPDX-License-Identifier: Apache-2.0
// Base64 as headers carry it. @see RFC 4648 sections 4 and 5

#include <optional>
#include <string>
#include <string_view>

namespace hoist::wire {

/// With the standard alphabet and padding.
std::string base64_encode(std::string_view bytes);
/// Takes either alphabet, with or without padding. nullopt if it is not base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace hoist::wire
