#pragma once
// SPDX-License-Identifier: Apache-2.0
// What config.json may not say together, and what this machine cannot do.

#include "runtime/oci.h"

namespace hoist::runtime {

/// Looks at a configuration before anything is made. @param joins_network  the caller has a network namespace for it
/// @throws Error(invalid) that names the key by its path, why it cannot be, and what to do
void check_config(const Config& config, bool joins_network);

}  // namespace hoist::runtime
