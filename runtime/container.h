#pragma once
// SPDX-License-Identifier: Apache-2.0
// Starting one container: from a configuration to a process, in the steps of the OCI life cycle. Single-threaded
// callers only (hoist-runtime): everything between clone and exec is ordinary code.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/cgroup.h"
#include "runtime/oci.h"
#include "runtime/seccomp.h"

namespace hoist::runtime {

/// Where the root file system comes from: an overlay that is mounted inside the container's own mount namespace, or a
/// directory that is there already (the OCI way).
struct RootFs {
    std::vector<std::string> lower;  ///< overlay: lower directories, topmost first; empty: config.root_path is used
    std::string upper, work;
    bool volatile_upper = false;  ///< overlay "volatile": no syncs, for roots that are thrown away
};

/// The standard streams of a process in a container. With a terminal, the runtime makes the pty inside the container
/// and returns its master instead.
struct Stdio {
    Fd in, out, err;  ///< an empty one: the caller's own 0, 1, 2
};

struct CreateOptions {
    Config config;
    RootFs root;
    std::string id;                  ///< for error messages and the hostname's default
    Stdio stdio;                     ///< unused with config.process.terminal
    SeccompProgram seccomp;          ///< ready; config.seccomp is not looked at when this is not empty
    Fd network_namespace;            ///< when set, joined instead of config's network namespace
    std::vector<int> preserved_fds;  ///< become 3, 4, ... in this order; -1 leaves a number free
    bool init = false;               ///< put a small reaping init as process 1 in front of the program
    bool no_pivot = false;           ///< move the root instead of pivot_root(2), for hosts that run from a ramfs
    bool keep_keyring = false;       ///< let it use the caller's session keyring
    std::string bundle;              ///< told to hooks
    bool without_cgroup = false;     ///< leave it in the caller's
    Existing existing_cgroup = Existing::refuse;
    bool cgroup_everywhere = false;  ///< also in hierarchies of which nothing is asked
    /// When set, the start and errors after it go through these (two FIFOs, for a start by another process) and not
    /// through Created.go and Created.report.
    Fd start_fifo, report_fifo;
};

/// A process in namespaces, stopped just before its exec.
struct Created {
    pid_t pid = -1;
    Fd pidfd;
    Cgroup cgroup;
    std::string cache_group;  ///< a directory of resctrl to remove with it, or ""
    Fd terminal;              ///< the pty's master if a terminal was asked for
    Fd go;                    ///< writing a byte lets it exec; closing it ends it
    Fd report;                ///< one error text if the start fails, else end-of-file at exec
};

/// Builds the container up to the exec. On failure nothing is left: no process, no cgroup, no mount.
/// @throws Error with the step that failed; texts of execve keep libc's words ("executable file not found", ...)
Created create_container(CreateOptions options);
/// The state document that hooks get on their standard input and that `state` prints.
Json container_state(const Config& config, const std::string& id, const std::string& bundle, const char* status,
                     pid_t pid);
/// Where hooks run. Those in a container see nothing of our environment.
enum class HookPlace { host, container };
/// Runs hooks one after the other, each with `state` on its standard input. @throws Error on the first that fails
void run_hooks(const std::vector<Hook>& hooks, const Json& state, HookPlace place = HookPlace::host);

/// Lets a created container exec, and waits until it has. @throws Error if exec fails; the process is then reaped
void start_container(Created& created);

/// A further process in a running container.
struct ExecOptions {
    pid_t container_pid = -1;
    const Fd* container_pidfd = nullptr;
    Process process;
    Stdio stdio;
    SeccompProgram seccomp;
    Json seccomp_profile;  ///< linux.seccomp, and the container's state document: for a listener
    Json listener_state;
    std::optional<Personality> personality;
    std::optional<MemoryPolicy> memory_policy;
    std::string cgroup_of_id;  ///< cgroupsPath of the container, whose cgroups it joins
    /// Cgroups below those: "PATH" for all hierarchies, or "CONTROLLER,...:PATH" for some of v1.
    std::vector<std::string> sub_cgroups;
    std::vector<int> preserved_fds;
};
struct Executed {
    pid_t pid = -1;  ///< a child of the caller
    Fd pidfd;
    Fd terminal;
};
/// Runs a process in the namespaces, root and cgroups of a running container; returns once it has exec'd.
/// @throws Error; exec failures keep libc's words
Executed exec_in_container(ExecOptions options);

/// A descriptor to start `path` (a program of ours) from, by "/proc/self/fd/N" or execveat(2), such that nothing inside
/// a container that reaches the running program's file by /proc/<pid>/exe can write to it: a detached read-only mount,
/// or, where the kernel has none, a sealed copy in memory. (SEC-01)
Fd read_only_program(const std::string& path);
/// Whether this process already runs from such a file.
bool runs_from_read_only_program();

}  // namespace hoist::runtime
