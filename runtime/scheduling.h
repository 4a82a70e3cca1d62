#pragma once
// SPDX-License-Identifier: Apache-2.0
// When a process gets processors, disks and memory: the names of config.json as the kernel's numbers, and the calls
// that take them.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/oci.h"

namespace hoist::runtime {

/// "SCHED_FIFO" -> its number; nullopt if this is none that Linux has.
std::optional<std::uint32_t> scheduler_policy(const std::string& name);
/// "SCHED_FLAG_RECLAIM" -> its bit.
std::optional<std::uint64_t> scheduler_flag(const std::string& name);
/// "IOPRIO_CLASS_BE" -> its number.
std::optional<int> io_priority_class(const std::string& name);
/// "MPOL_BIND" -> its number.
std::optional<int> memory_policy_mode(const std::string& name);
/// "MPOL_F_STATIC_NODES" -> its bit.
std::optional<int> memory_policy_flag(const std::string& name);

/// A list of numbers as the kernel writes them, "0-3,7"; blanks are ignored.
/// @throws Error(invalid) for what is none, or has a number over 8191
std::vector<unsigned> parse_number_list(const std::string& text);

/// Applies process.scheduler and process.ioPriority to a process, which inherits them to its children.
/// @throws Error that names the key if the kernel refuses it
void apply_scheduling(const Process& process, pid_t pid);

/// Sets the memory policy of this process. @throws Error that names the key if the kernel refuses or lacks it
void apply_memory_policy(const MemoryPolicy& policy);

/// Lets this process run on these processors only ("0-3"). @param key  for the error
void use_processors(const std::string& list, const char* key);

}  // namespace hoist::runtime
