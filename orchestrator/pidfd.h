#pragma once
// SPDX-License-Identifier: Apache-2.0
// Asking a pidfd.

#include "base/fd.h"

namespace hoist::orchestrator {

/// Whether the process has ended: then its number may be another's by now.
bool has_ended(const Fd& pidfd);

}  // namespace hoist::orchestrator
