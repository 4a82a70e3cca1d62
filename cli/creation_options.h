#pragma once
// SPDX-License-Identifier: Apache-2.0
// The rarer options of `create` and `run`, in the words of Docker's create request.

#include "base/json.h"
#include "cli/options.h"

namespace hoist::cli {

Options further_creation_options();
/// Adds what is given to the body of a create request. @throws UsageError that names the option and its form
void add_further_options(const Arguments& arguments, Json& body);

}  // namespace hoist::cli
