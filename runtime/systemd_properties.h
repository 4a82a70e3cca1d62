#pragma once
// SPDX-License-Identifier: Apache-2.0
// A container's limits in systemd's words, so that it keeps them whenever it looks after its cgroups; looks at nothing
// else. @see org.freedesktop.systemd1(5), systemd.resource-control(5)

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/cgroup.h"
#include "runtime/dbus.h"
#include "runtime/oci.h"

namespace hoist::runtime {

/// "MemoryMax" and its value, by D-Bus type: b, t, s, as, au, a(ss).
struct UnitProperty {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    std::string name;
    std::variant<bool, std::uint64_t, std::string, std::vector<std::string>, std::vector<std::uint32_t>, Pairs> value;
    bool operator==(const UnitProperty&) const = default;
};

/// What a unit with these limits is told. What is left out stays as it is.
std::vector<UnitProperty> limit_properties(CgroupMode mode, const Resources& resources);

/// The devices a unit may use; none if the rules say more than systemd's can.
/// @param proc_devices  the content of /proc/devices, for the names of major numbers
std::vector<UnitProperty> device_properties(const std::vector<DeviceRule>& rules, std::string_view proc_devices);

/// Writes them as a(sv).
void put_properties(DbusWriter& writer, const std::vector<UnitProperty>& properties);

}  // namespace hoist::runtime
