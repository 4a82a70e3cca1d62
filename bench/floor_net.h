#pragma once
// SPDX-License-Identifier: Apache-2.0
// The few netlink messages of the floor, by hand.

#include <string>

namespace hoist::bench {

/// A veth pair in one message: the host's end on `bridge`, up; the other is born as eth0 in the namespace of `pid`.
void plug_veth(const std::string& bridge, int pid);
/// Inside: lo up; with an address also eth0 up, its address and the default route.
void bring_up_inside(const std::string& address, const std::string& gateway);

}  // namespace hoist::bench
