#pragma once
// SPDX-License-Identifier: Apache-2.0
// What newer kernels offer and older ones (from 5.10 on) lack. Whoever uses one of these has another way as well.

#include <string>
#include <string_view>
#include <vector>

namespace hoist {

/// In the order in which Linux got them.
enum class KernelFeature {
    mount_api,           ///< 5.2: fsopen, fsmount, open_tree, move_mount
    clone3,              ///< 5.3
    openat2,             ///< 5.6
    clone_into_cgroup,   ///< 5.7: CLONE_INTO_CGROUP
    setns_pidfd,         ///< 5.8: setns(2) with a pidfd and several namespaces
    overlay_volatile,    ///< 5.10
    close_range,         ///< 5.11: with CLOSE_RANGE_CLOEXEC
    mount_setattr,       ///< 5.12
    idmapped_mounts,     ///< 5.12, and later for one or another file system
    cgroup_kill,         ///< 5.14
    overlay_lowerdir,    ///< 6.7: "lowerdir+", one layer per fsconfig(2)
    pidfd_group_signal,  ///< 6.9: PIDFD_SIGNAL_PROCESS_GROUP
};

/// Whether to use a feature. False if this kernel does not have it, as far as that can be told without using it (for
/// the rest the answer is true, and the kernel's refusal tells); asked once per process. False as well if HOIST_WITHOUT
/// (names as above, separated by commas, or "all") or use_kernel_without() turns it off, for tests of the other way;
/// only in builds with fail points.
bool kernel_has(KernelFeature feature);

/// "openat2", ...
std::string_view to_string(KernelFeature feature);
const std::vector<KernelFeature>& all_kernel_features();

/// Turns off these features, and no others, for this process and those that it starts from now on; "" turns all on.
/// Does nothing in builds without fail points.
void use_kernel_without(const std::string& names);

}  // namespace hoist
