#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the command line keeps of a container between its calls.
//
//   <root>/<id>/state.json    written once, when the process is ready
//   <root>/<id>/start.fifo    there while the container waits for `start`: a byte in it is the word
//   <root>/<id>/report.fifo   what went wrong after that word
//   <root>/.seccomp/          compiled filters

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/cgroup.h"
#include "runtime/oci.h"

namespace hoist::runtime {

struct ContainerRecord {
    std::string id, bundle, cgroup_path, created;
    pid_t pid = -1;
    std::uint64_t start_time = 0;  ///< of the process, in ticks: a pid alone may have become somebody else's
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
    void write(const ContainerRecord& record) const;
    /// @throws Error(not_found)
    ContainerRecord read(const std::string& id) const;
    std::vector<std::string> ids() const;
    void remove(const std::string& id) const;
    Status status(const ContainerRecord& record) const;

private:
    std::string root_;
};

/// When a process started, in ticks since boot; 0 if there is none, or it is a zombie.
std::uint64_t process_start_time(pid_t pid);
/// A pidfd of the recorded process. @throws Error(not_found) if it has ended, whoever has its number now
Fd open_recorded_process(const ContainerRecord& record);

}  // namespace hoist::runtime
