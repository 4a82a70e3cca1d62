#pragma once
// SPDX-License-Identifier: Apache-2.0
// The terminal of a process in a container.

#include "base/path.h"
#include "runtime/oci.h"

namespace hoist::runtime::init {

struct Terminal {
    Fd master, slave;
};

/// Opens a new pty of the root's own devpts; the slave comes from the master by ioctl, never by a path that the image
/// could have bent. (SEC-10)
Terminal open_terminal(const RootDir& root, const Process& process);

/// Mounts the slave on /dev/console.
void mount_console(const Fd& slave, const RootDir& root);

/// Makes the slave the standard streams of this process.
void use_terminal(const Fd& slave, std::uint32_t uid);

/// Makes standard input the controlling terminal of this process, a session leader.
void control_terminal();

}  // namespace hoist::runtime::init
