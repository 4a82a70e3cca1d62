#pragma once
// SPDX-License-Identifier: Apache-2.0
// The credentials that clients send along.

#include "api/exchange.h"
#include "registry/session.h"

namespace hoist::api {

/// Of the header X-Registry-Auth: base64 of {"username", "password", "identitytoken"}. @throws Error(invalid)
registry::Credentials credentials_in(const Request& request);
/// Of such an object.
registry::Credentials credentials_from(const Json& object);

}  // namespace hoist::api
