#pragma once
// SPDX-License-Identifier: Apache-2.0
// The rules for a request's head that keep one parser's meaning from being another's. (SEC-42)

#include <optional>
#include <string>
#include <string_view>

#include "api/exchange.h"

namespace hoist::api {

inline constexpr std::size_t largest_head = 64 * 1024;

/// What is wrong with the bytes of a head ("GET ... \r\n\r\n"), before they are parsed: line ends that are not CRLF,
/// NUL and other control bytes, folded lines, blanks before a colon, two lengths, a length beside a transfer coding, a
/// coding other than "chunked". nullopt: nothing.
std::optional<std::string> find_head_fault(std::string_view head);

/// A target's path without its version prefix ("/v1.41/info" is "/info").
struct VersionedPath {
    std::string path;
    ApiVersion version;
};
/// @throws Error(invalid) "client version 1.60 is too new. Maximum supported API version is 1.51"
VersionedPath split_version(std::string_view path);

}  // namespace hoist::api
