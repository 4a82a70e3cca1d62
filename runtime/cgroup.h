#pragma once
// SPDX-License-Identifier: Apache-2.0
// Control groups of one container, on v1, hybrid and v2 hierarchies, behind one interface.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/oci.h"

namespace hoist::runtime {

enum class CgroupMode { v1, hybrid, v2 };

/// Where the hierarchies are mounted, read once per process from /proc/self/mountinfo and /proc/self/cgroup.
/// `root` stands in for "/" in tests (a small tree of files in a temporary folder).
struct CgroupLayout {
    CgroupMode mode = CgroupMode::v2;
    struct Hierarchy {
        std::string controllers;  ///< "memory", "cpu,cpuacct", "" for the v2 tree, "name=systemd"
        std::string mount_point;
        std::string own_path;  ///< the calling process' own cgroup in it
    };
    std::vector<Hierarchy> hierarchies;
    static CgroupLayout detect(const std::string& root = "/");
    /// detect("/"), once per process.
    static const CgroupLayout& host();
};

struct CgroupStats {
    std::uint64_t memory_bytes = 0, memory_limit = 0, cpu_nanoseconds = 0, pids = 0, oom_kills = 0;
};

/// What to do with a cgroup of this name that is there already.
enum class Existing {
    refuse,  ///< if processes are in it; an empty one is made anew, since its old limits would show through
    share,   ///< put the container beside the processes in it
    adopt    ///< take it as it is: somebody made it for us
};

/// What to do with processes that are in a cgroup when it is to be removed.
enum class Leftovers { kill, leave };

/// A container's cgroup in every hierarchy that is used.
class Cgroup {
public:
    Cgroup() = default;
    /// Makes the directories, sets the limits and the device rules. Controllers that are not mounted are skipped when
    /// nothing is asked of them, else refused (a protection that cannot be applied stops the start).
    /// @param path  cgroupsPath, absolute below each hierarchy's root
    /// @param everywhere  in every hierarchy, also where nothing is asked of it
    static Cgroup create(const CgroupLayout& layout, const std::string& path, const Resources& resources,
                         Existing existing = Existing::refuse, bool everywhere = false);
    /// One that exists already.
    static Cgroup open(const CgroupLayout& layout, const std::string& path);

    const std::string& path() const { return path_; }
    /// Moves a process into it (all hierarchies).
    void add(pid_t pid) const;
    /// The v2 directory for CLONE_INTO_CGROUP, if the unified hierarchy alone is used and the kernel can do it.
    std::optional<Fd> clone_into() const;
    /// Files (v1 "tasks") into which a single-threaded process writes "0" to move itself. A process that moves itself
    /// this way spares the kernel the lock and the RCU grace period that moving another one costs. Empty by clone_into.
    std::vector<Fd> join_files() const;
    /// Its directory in each hierarchy that it uses.
    struct Place {
        std::string controllers;  ///< as in the layout
        std::string directory;
    };
    const std::vector<Place>& places() const { return places_; }
    CgroupMode mode() const { return mode_; }
    void apply(const Resources& resources) const;
    /// Changes the limits that are set in `resources` while processes run inside (device rules stay), joining further
    /// hierarchies if need be. @throws Error that says why the kernel refuses one; then none has changed
    void update(const CgroupLayout& layout, const Resources& resources);
    /// v2: lets a user of the host manage the cgroups below it: the files that the kernel names for that are theirs.
    void give_to(std::uint32_t uid) const;
    void freeze() const;
    void thaw() const;
    bool frozen() const;
    /// The same with other cgroups below it: "PATH" for all hierarchies, or "CONTROLLER,...:PATH" for some of v1.
    /// @throws Error(invalid) for a path that leads outside, or a controller that is not there
    Cgroup below(const std::vector<std::string>& paths) const;
    /// Where below this one a process is on v2 ("/init.scope"); nullopt if it is in this one, or elsewhere.
    std::optional<std::string> place_below(pid_t pid) const;
    /// Sends a signal to every process in it; SIGKILL uses cgroup.kill where there is one.
    void kill_all(int signal) const;
    std::vector<pid_t> processes() const;
    CgroupStats stats() const;
    /// How often the kernel's OOM killer struck here since it was made.
    std::uint64_t oom_kills() const;
    /// Removes the directories; waits, bounded, until the kernel lets go of what has ended. Processes of others that
    /// are to be left keep it.
    void remove(Leftovers leftovers = Leftovers::kill) const;
    bool exists() const;

private:
    /// The place where the controller's files are; null if it is not used.
    const Place* place_of(const std::string& controller) const;
    void write(const std::string& controller, const std::string& file, const std::string& value) const;
    void apply_devices(const std::vector<DeviceRule>& rules) const;
    void check_use(const Resources& resources) const;
    void set_frozen(bool frozen) const;
    void add_place(const CgroupLayout::Hierarchy& hierarchy, Existing existing = Existing::refuse);
    void add_place_for(const CgroupLayout& layout, const std::string& controller, bool optional);
    void move_into(const Place& place) const;

    std::string path_;
    std::vector<Place> places_;
    CgroupMode mode_ = CgroupMode::v2;
};

}  // namespace hoist::runtime
