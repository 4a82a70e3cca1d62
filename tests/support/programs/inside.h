#pragma once
// SPDX-License-Identifier: Apache-2.0
// hoist-inside: what a hostile program does inside a container, as far as a shell cannot. Static and without
// exceptions, since it runs in roots that hold nothing but itself.

namespace hoist::inside {

/// syscalls FIRST LAST [ARG0]: asks the seccomp filter of this process for its answer to every call number of x86-64,
/// x32 and i386, without making one: prints "TABLE NUMBER ANSWER" lines, where ANSWER is "allow", "kill" or an errno.
int probe_syscalls(int count, char** words);

/// swap A B SECONDS: exchanges two names as fast as it can.
int swap_names(int count, char** words);

/// hunt SECONDS: tries to look into, trace and take descriptors from every process of hoist-runtime that it sees.
/// Prints "met N" and, for each thing that it got, "reached WHAT ...".
int hunt(int count, char** words);

/// hold SECONDS [TEXT]: takes copies of the descriptors of every process of hoist-runtime that it sees, writes the text
/// to each, and keeps them. Prints "holds N" for each process.
int hold(int count, char** words);

/// grab SECONDS: holds the program file of every process that it sees and writes to it once that has ended.
/// Prints "held N" and "wrote PATH" for each success.
int grab_programs(int count, char** words);

/// writable PATH...: prints every file at and below these paths that may be opened for writing. Writes nothing.
int list_writable(int count, char** words);

/// devices: makes a node of each device that matters and prints those that the kernel lets it open, as "c 1:3".
int list_devices(int count, char** words);

/// descriptors: prints each open descriptor and what it is, one a line.
int list_descriptors(int count, char** words);

/// user: prints the effective user id.
int tell_user(int count, char** words);

/// notify TEXT: sends it to the socket that NOTIFY_SOCKET names, as services do. @see sd_notify(3)
int notify(int count, char** words);

}  // namespace hoist::inside
