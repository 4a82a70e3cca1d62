#pragma once
// SPDX-License-Identifier: Apache-2.0
// Errors as Docker's clients know them.

#include "base/error.h"
#include "base/json.h"

namespace hoist::api {

struct Answer {
    int status = 500;
    Json body;
};

/// The only place that turns a kind into a status. Texts that clients match get Docker's spelling: "No such
/// container:".
Answer to_answer(const Error& error);

}  // namespace hoist::api
