#pragma once
// SPDX-License-Identifier: Apache-2.0
// The test host: a machine of its own for one test program, made of namespaces. Bridges, nftables rules, mounts,
// cgroups and daemons that a test makes exist only in here, and end with it.

#include <string>
#include <vector>

#include "base/fd.h"

namespace hoist::test {

/// Makes this process' program run in a private host: new pid, mount, network, ipc, uts and cgroup namespaces; its own
/// /dev, /proc, /sys, /run, /tmp and cgroup view; loopback up; /var/lib/hoist an empty folder on the disk. Returns in
/// the new host's process 1. The caller's process stays outside, waits, removes what is left (frozen cgroups are
/// thawed first) and exits with the same status. Call it first in main(), before any thread exists.
void enter_test_host();

/// A second machine on a wire: a network namespace joined to ours by a veth pair.
class Neighbour {
public:
    /// Ours gets 198.51.100.1/24 on "up0" and the neighbour 198.51.100.2 with a default route to us.
    Neighbour();
    ~Neighbour();
    /// Runs a shell command there. @return its output; with its exit status appended as "[status N]" if not 0
    std::string run(const std::string& command) const;
    static constexpr const char* host_address = "198.51.100.1";
    static constexpr const char* address = "198.51.100.2";

private:
    int holder_ = -1;  ///< pid of a process that keeps the namespace
};

/// What a command did.
struct Outcome {
    int status = 0;  ///< exit status; 128 + signal
    std::string out, err;
};
/// Runs a program (found through PATH) and waits. @throws Error(timeout) after `seconds`, with the program killed
Outcome run(const std::vector<std::string>& command, int seconds = 60, const std::string& input = "");
/// Runs a shell line; fails the current test if it does not exit 0. @return its standard output
std::string sh(const std::string& line, int seconds = 60);

}  // namespace hoist::test
