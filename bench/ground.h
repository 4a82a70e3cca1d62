#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where the measurements take place: a bundle for OCI runtimes, a root and a ready filter for the floor, a bridge, an
// image; and the few ways in which programs are started.

#include <string>
#include <vector>

namespace hoist::bench {

inline const std::string area = "/var/lib/hoist/bench";
inline const std::string socket_path = "/run/hoist/hoist.sock";
inline const std::string programs = PROGRAM_DIR;

/// Makes all that the sections use. Once, in the test host.
void prepare();

/// Starts a program with the cheapest start there is, its output thrown away. @return pid
int spawn(const std::vector<std::string>& command);
/// @throws Error unless its exit status is 0
void wait_for(int pid, const std::vector<std::string>& command);
void spawn_and_wait(const std::vector<std::string>& command);
bool installed(const std::string& program);

std::vector<std::string> floor_command(bool bridge);
/// CPU time that the whole test host has used so far, containers and daemons included, in milliseconds.
double host_cpu_ms();

/// The folder of a stack of `count` sleeping busybox services.
std::string stack_of(int count);

}  // namespace hoist::bench
