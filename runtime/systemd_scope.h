#pragma once
// SPDX-License-Identifier: Apache-2.0
// A cgroup that systemd makes and knows: a transient scope, asked for over the system bus. (--systemd-cgroup)

#include <sys/types.h>

#include <string>

#include "runtime/cgroup.h"
#include "runtime/oci.h"

namespace hoist::runtime {

class SystemdScope {
public:
    /// None.
    SystemdScope() = default;
    /// Starts a scope. systemd keeps one only while it has a process: until release() that is one of ours.
    /// @param cgroups_path  "SLICE:PREFIX:NAME"; empty: system.slice:hoist:ID
    /// @throws Error(unavailable) if no bus answers, Error(invalid) for another form of path
    static SystemdScope start(const std::string& cgroups_path, const std::string& id, const Resources& resources);
    SystemdScope(SystemdScope&& other) noexcept;
    SystemdScope& operator=(SystemdScope other) noexcept;
    ~SystemdScope() { release(); }

    /// "prefix-name.scope"; "" for none.
    const std::string& name() const { return name_; }
    /// Where its cgroup is in each hierarchy.
    const std::string& cgroup_path() const { return cgroup_path_; }
    /// Takes our process out: the container's is inside.
    void release() noexcept;
    void stop() noexcept;

    /// Changes the limits of a running one.
    static void update(const std::string& name, CgroupMode mode, const Resources& resources);
    /// Ends one, which may have ended by itself; failures are only warnings.
    static void stop(const std::string& name) noexcept;

private:
    std::string name_, cgroup_path_;
    pid_t holder_ = -1;
};

/// The parts of cgroupsPath.
struct ScopeName {
    std::string slice, unit;
};
ScopeName parse_scope_name(const std::string& cgroups_path, const std::string& id);

}  // namespace hoist::runtime
