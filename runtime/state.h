#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the command line keeps of a container between its calls.
//
//   <root>/<id>/state.json    written once, when the process is ready
//   <root>/<id>/config.json   the configuration as it was then: what changes in the bundle later is not this
//   container's <root>/<id>/notify/       the socket on which the container tells NOTIFY_SOCKET that it is ready
//   <root>/<id>/start.fifo    there while the container waits for `start`: a byte in it is the word
//   <root>/<id>/report.fifo   what went wrong after that word
//   <root>/.seccomp/          compiled filters

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/cgroup.h"
#include "runtime/clone.h"
#include "runtime/oci.h"

namespace hoist::runtime {

/// Who makes a container's cgroup.
enum class CgroupManager { cgroupfs, systemd, disabled };

struct ContainerRecord {
    std::string id, bundle, rootfs, created;
    std::string cgroup_path;                ///< empty: it has none of its own
    std::string scope;                      ///< systemd's unit around it, if systemd manages its cgroup
    Leftovers leftovers = Leftovers::kill;  ///< what to do with processes that outlive it in its cgroup
    std::string cache_group;                ///< a directory of resctrl to remove with it, if it has one of its own
    pid_t pid = -1;
    std::uint64_t start_time = 0;      ///< of the process, in ticks: a pid alone may have become somebody else's
    std::optional<ProgramId> runtime;  ///< what the process runs while it waits for its start
    std::map<std::string, std::string> annotations;
};

enum class Status { created, running, paused, stopped };
const char* to_string(Status status);

/// The containers below one --root.
class StateDirectory {
public:
    explicit StateDirectory(std::string root) : root_(std::move(root)) {}

    std::string of(const std::string& id) const { return root_ + "/" + id; }
    std::string seccomp_cache() const { return root_ + "/.seccomp"; }
    /// Claims the id. @throws Error(conflict) if there is such a container, Error(invalid) for a bad id
    void reserve(const std::string& id) const;
    void write(const ContainerRecord& record, const std::string& config_text) const;
    /// @throws Error(not_found)
    ContainerRecord read(const std::string& id) const;
    /// The configuration that the container was made from.
    Config config_of(const ContainerRecord& record) const;
    std::vector<std::string> ids() const;
    /// Takes away what is kept of it; nothing happens if there is nothing. @throws Error(invalid) for a bad id
    void remove(const std::string& id) const;
    /// The user who made it, by name or number.
    std::string owner_of(const std::string& id) const;
    Status status(const ContainerRecord& record) const;

private:
    std::string root_;
};

/// config.json as text, made ready: root.path is absolute from `bundle`. @throws Error that starts with `name`
Config read_config(const std::string& text, const std::string& name, const std::string& bundle);

/// When a process started, in ticks since boot; 0 if there is none, or it is a zombie.
std::uint64_t process_start_time(pid_t pid);
/// A pidfd of the recorded process. @throws Error(not_found) if it has ended, whoever has its number now
Fd open_recorded_process(const ContainerRecord& record);

}  // namespace hoist::runtime
