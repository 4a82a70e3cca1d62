#pragma once
// SPDX-License-Identifier: Apache-2.0
// Network settings of the calling thread's network namespace. For netmgr's own sources.

#include <string>
#include <string_view>

namespace hoist::netmgr {

/// Writes /proc/sys/net/<name>. @param may_be_absent  true: without the file (IPv6 not in the kernel) nothing is done
/// @throws Error
void write_sysctl(const std::string& name, std::string_view value, bool may_be_absent = false);

}  // namespace hoist::netmgr
