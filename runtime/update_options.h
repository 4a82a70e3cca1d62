#pragma once
// SPDX-License-Identifier: Apache-2.0
// What `update` is told to change.

#include <vector>

#include "runtime/arguments.h"
#include "runtime/cgroup.h"
#include "runtime/oci.h"

namespace hoist::runtime {

std::vector<OptionSpec> update_options();

/// The limits in a file (--resources, "-" for standard input), or, without one, in the other options.
/// @throws Error(invalid) that names the option
Resources resources_from_options(const Arguments& arguments);

/// Adds what cgroup v2 wants written together with a limit that is to change: quota and period, memory and swap.
Resources complete_update(Resources wanted, const Cgroup& cgroup);

}  // namespace hoist::runtime
