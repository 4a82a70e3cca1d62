#pragma once
// SPDX-License-Identifier: Apache-2.0
// The files of a container that does not run: its root and volumes, mounted where nobody else sees them.

#include <string>

#include "base/fd.h"
#include "runtime/monitor_protocol.h"
#include "runtime/runtime_process.h"

namespace hoist::runtime {

/// A short-lived process that holds a mount namespace with the container's root. The daemon works in it through a
/// descriptor, so the host's mount table never changes, and what a crash leaves behind is nothing.
class RootView {
public:
    RootView() = default;
    /// Mounts spec.root and the mounts of spec.config. Blocking, a few milliseconds. The container must not run, or
    /// start, as long as the view is there: two overlays would share one upper directory. @throws Error
    static RootView open(const std::string& runtime_program, const MonitorSpec& spec);
    ~RootView();  ///< takes the mounts away; blocking, likewise
    RootView(const RootView&) = delete;
    RootView(RootView&&) = default;

    /// The root directory (O_PATH). Look-ups go through RootDir. Valid as long as the view.
    const Fd& root() const { return root_; }

private:
    RuntimeProcess process_;
    Fd root_;
};

/// `hoist-runtime view`: serves one RootView on descriptor 3. @return the exit status
int run_root_view();

}  // namespace hoist::runtime
