#pragma once
// SPDX-License-Identifier: Apache-2.0
// Network interfaces of the host that move into a container. (linux.netDevices)

#include <map>
#include <string>

#include "base/fd.h"

namespace hoist::runtime {

/// Moves interfaces into a network namespace, under other names where there are some, with their global
/// addresses, and brings those up there that were up here. @param devices  the host's name to the one inside (or "")
/// @throws Error that names linux.netDevices; the kernel takes back what has moved when the namespace ends
void move_net_devices(const std::map<std::string, std::string>& devices, const Fd& network);

}  // namespace hoist::runtime
