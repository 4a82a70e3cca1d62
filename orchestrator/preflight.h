#pragma once
// SPDX-License-Identifier: Apache-2.0
// What can be known to fail before anything is changed.

#include "orchestrator/plan.h"

namespace hoist::orchestrator {

/// Looks at the host: bind sources that must exist, files of secrets and configs, for the services that the plan
/// creates or starts. @throws Error(not_found) naming all that is missing
void check_host(const compose::Project& project, const Plan& plan);

}  // namespace hoist::orchestrator
