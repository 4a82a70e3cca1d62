#pragma once
// SPDX-License-Identifier: Apache-2.0
// Device rules on cgroup v2: a small eBPF program attached to the cgroup.

#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "runtime/oci.h"

namespace hoist::runtime {

/// The eBPF instructions for device rules, of which the last that matches decides, as in v1's devices.allow/deny.
std::vector<std::uint64_t> device_program(const std::vector<DeviceRule>& rules);

/// Loads the program and attaches it to a cgroup v2 directory. @throws Error
void attach_device_program(const Fd& cgroup, const std::vector<DeviceRule>& rules);

}  // namespace hoist::runtime
