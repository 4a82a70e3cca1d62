#pragma once
// SPDX-License-Identifier: Apache-2.0
// Errors on the wire: a status and {"message": "..."}; ours carry their kind as well.

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace hoist::wire {

int status_of(Kind kind);
Kind kind_of_status(int status);

/// {"message": ..., "kind": ...}. Bytes that are no UTF-8 are replaced, so that the body is always JSON.
Json error_body(Kind kind, const std::string& message);
/// The error that an answer with this status and body reports. Bodies that are no such JSON become part of the message.
Error error_from(int status, std::string_view body);

/// JSON as text; broken UTF-8 in strings (container output, file names) is replaced instead of refused.
std::string dump(const Json& document);

}  // namespace hoist::wire
