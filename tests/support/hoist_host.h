#pragma once
// SPDX-License-Identifier: Apache-2.0
// hoist in a test host, used as its user uses it: through the command line, with the programs just built.

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/support/test_host.h"

namespace hoist::test {

/// Runs `hoist ARGUMENTS` in `directory`.
Outcome hoist(const std::vector<std::string>& arguments, const std::string& directory = "/", int seconds = 120);
/// As hoist(), but fails the current test if the status is not 0. @return standard output
std::string hoist_ok(const std::vector<std::string>& arguments, const std::string& directory = "/", int seconds = 120);

/// `hoist inspect NAME`, its one object.
Json inspect(const std::string& name);
/// Process 1 of a running container, seen from the host; 0 if it does not run.
int pid_of(const std::string& name);
/// "running", "healthy", ... as inspect tells: State.Status, and State.Health.Status.
std::string status_of(const std::string& name);
std::string health_of(const std::string& name);
/// Waits, bounded, until `hoist events` would be needless: asks `question` every 20 ms. @return whether it came true
bool eventually(const std::function<bool()>& question, int seconds = 30);

int daemon_pid();
/// SIGKILL to the daemon, and waits until it is gone. It is not started again by this.
void kill_daemon();
/// SIGTERM, likewise.
void stop_daemon();

/// A tar of a root file system with busybox and its commands, made once.
std::string busybox_tar();
/// Imports busybox_tar() as "busybox" unless it is there.
void import_busybox();

/// Everything of ours in the kernel, as text: links, nft tables, cgroups, monitors, mounts, folders. Empty after `down`
/// and the removal of all containers. Asks the kernel, not hoist; waits a little, since the kernel takes a namespace
/// and its links apart in the background.
std::string leftovers();

}  // namespace hoist::test
