#pragma once
// SPDX-License-Identifier: Apache-2.0
// From a bundle on the command line to a container that waits for its start, with all that has to be undone if it does
// not get there.

#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/notify_socket.h"
#include "runtime/systemd_scope.h"

namespace hoist::runtime {

/// One container on its way.
class Launch {
public:
    /// Reads the configuration. @throws Error if it is not one, or the options do not go together with it
    Launch(const Invocation& invocation, const Arguments& arguments, bool detached);
    Launch(const Launch&) = delete;

    /// Claims the id and builds the container up to its exec. On failure nothing is left.
    /// @param by_another_process  `start` will let it go, through FIFOs in its state directory
    void create(bool by_another_process);
    /// Lets it exec, runs the poststart hooks, and, if it is to tell NOTIFY_SOCKET that it is ready, waits for that.
    void start();
    /// Waits for the end in the foreground, and takes everything away unless it is to be kept.
    /// @return the exit status as shells count
    int finish(bool keep);
    /// After a failed start.
    void undo() noexcept;

private:
    void check_terminal() const;
    CreateOptions options();
    void choose_cgroup(CreateOptions& options);
    void build(bool by_another_process);
    void record() const;
    void hand_over_terminal();

    const Invocation& invocation_;
    const Arguments& arguments_;
    bool detached_;
    std::string id_, bundle_, config_text_;
    Config config_;
    NotifySocket notify_;
    SystemdScope scope_;
    Leftovers leftovers_ = Leftovers::kill;
    Created created_;
};

/// 3, 4, ...: `count` descriptors for the container; -1 for one that was not open when this program started, since the
/// number may be one of our own now.
std::vector<int> preserved_descriptors(const Invocation& invocation, int count);

/// Runs poststop hooks; what goes wrong there is only a warning, since the container is gone already.
void run_poststop_hooks(const Config& config, const std::string& id, const std::string& bundle);

}  // namespace hoist::runtime
