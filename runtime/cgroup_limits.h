#pragma once
// SPDX-License-Identifier: Apache-2.0
// What has to be written into which cgroup file for given limits; looks at nothing else.

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/cgroup.h"
#include "runtime/oci.h"

namespace hoist::runtime {

struct CgroupWrite {
    std::string controller;  ///< "memory", "cpu", ...
    std::string file;
    std::string value;
    bool optional = false;       ///< a kernel built without it counts nothing that the limit could hold back
    std::string else_file = {};  ///< where the kernel has no `file`: one that takes the same
    bool operator==(const CgroupWrite&) const = default;
};

/// The writes, in the order in which a fresh cgroup takes them; device rules are not among them.
std::vector<CgroupWrite> limit_writes(CgroupMode mode, const Resources& resources);

/// The file in a cgroup's directory that takes the value.
std::string limit_file(const std::string& directory, const CgroupWrite& write);

/// cpu.shares (2..262144) as cpu.weight (1..10000), on the curve that takes 1024 to 100.
std::uint64_t cpu_weight(std::uint64_t shares);

/// Docker's and runc's rule: what every container may use comes after what the configuration says.
std::vector<DeviceRule> with_default_devices(std::vector<DeviceRule> rules);

/// "c 1:3 rwm", as devices.allow and devices.deny take it.
std::string device_rule_line(const DeviceRule& rule);

}  // namespace hoist::runtime
