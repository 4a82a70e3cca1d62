#pragma once
// SPDX-License-Identifier: Apache-2.0
// Who the process is and what it may do. Runs inside the container's root, before its program.

#include "base/path.h"
#include "runtime/users.h"

namespace hoist::runtime::init {

/// Looks the process' user up in the root's /etc/passwd and /etc/group and adds HOME to the environment if absent.
ResolvedUser find_identity(Process& process, const RootDir& root);

// For a process that will give the host's rights up, and would not get so far afterwards:

/// Raises hard limits to where process.rlimits will want them.
void make_room(const Process& process);
/// Best effort: where the engine may not protect or expose a process, it runs with what it inherited.
void set_oom_score(const Process& process);
/// Uid and gid 0 of the user namespace that this process has just joined.
void become_root_inside();

/// Sets limits, the bounding set, groups and user. Capabilities that are still needed to get ready stay until
/// drop_capabilities.
void become(const Process& process, const ResolvedUser& user);

/// Enters process.cwd, made if missing; refuses one outside the root. (SEC-02)
void enter_working_directory(const Process& process, const RootDir& root);

/// Capabilities exactly as configured; nothing after this needs any.
void drop_capabilities(const Process& process);

/// Takes a session keyring of its own, without which it would share the engine's.
void leave_keyring();

/// Lets nobody without CAP_SYS_PTRACE over the host look into this process until its exec. (SEC-04)
void hide();

}  // namespace hoist::runtime::init
