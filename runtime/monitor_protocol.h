#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the daemon and a container's monitor say to each other: one JSON object per SOCK_SEQPACKET message, with
// descriptors as SCM_RIGHTS. This header is the contract of both; it knows no event loop.
//
// The monitor listens on <run dir>/monitor.sock (0600). Several daemons may connect one after another; the newest
// connection is the one that hears events. On every connection the monitor speaks first:
//   hello   {"event":"hello","state":"created|running|exited","paused":bool,"oom_killed":bool,"pid":N,
//           "started_at":ns,"runs":N,
//           "log_lost":BYTES?,"exit":{...}?,"execs":[{"exec":ID,"pid":P}...],"exec_exits":[{"exec":ID,"code":C}...]}
//           fds: [pidfd if running] + the kept descriptors; "kept":["netns","dns_udp",...] names them in order.
//           "exec_exits" are those that nobody was connected to hear.
//   A monitor that cannot begin says {"event":"failed","error":{...}} on its first connection, and ends.
// The daemon asks, each request with a number that the answer repeats:
//   start   {"op":"start","seq":N}                     -> {"seq":N,"pid":P,"started_at":ns}       fds: [pidfd]
//           reads <run dir>/spec.json anew; with "netns" among the kept descriptors the container joins it.
//           A start that fails is recorded like an exit (with "error", and code 126, 127 or 128), but is no event.
//   signal  {"op":"signal","seq":N,"signal":15,"all":false}     SIGKILL also thaws a paused container
//   exec    {"op":"exec","seq":N,"exec":ID,"process":{OCI process}}   fds: [stdin, stdout, stderr], none with a
//           terminal                                      -> {"seq":N,"pid":P}   fds: [pty master] with a terminal
//   resize  {"op":"resize","seq":N,"rows":R,"columns":C}        the container's own terminal
//   attach  {"op":"attach","seq":N,"stdin":bool,"stdout":bool,"stderr":bool,"detach_keys":BYTES?}   fds: [stream
//           socket]: output from now on is copied to it (raw with a terminal, else in Docker's 8-byte frames); what it
//           sends goes to stdin. May come before start. It is closed after the exit, when all is delivered, or when the
//           keys were typed (at a terminal only). A slow client never holds the container up: what it has not taken
//           waits in an unlinked file in the state directory, up to 1 GiB, then it is dropped.
//   pause, unpause {"op":"pause","seq":N}
//   update  {"op":"update","seq":N,"resources":{OCI linux.resources}}   all of them, or with an error none
//   keep    {"op":"keep","seq":N,"names":["netns",...]}   fds: one per name; replaces a kept one of the same name
//   drop    {"op":"drop","seq":N,"names":[...]}
//   quit    {"op":"quit","seq":N}   kills what runs (its exit is recorded and told), removes the cgroup, answers, ends
// A request that fails is answered {"seq":N,"error":{"kind":"...","message":"..."}}.
// Events, without a number:
//   exit       {"event":"exit","run":N,"code":C,"signal":S?,"oom_killed":bool,"started_at":ns,"finished_at":ns}
//   exec_exit  {"event":"exec_exit","exec":ID,"code":C}
//   oom        {"event":"oom"}      only of containers with a memory limit
//   detach     {"event":"detach"}   an attached client has typed its keys
//   log_lost   {"event":"log_lost","bytes":N}   output begins to be lost, or no longer is: so much is missing in the
//   log
// An exit is written to <state dir>/exit.json (atomically; fsync'd when no daemon is connected) before it is told.
//
// A monitor lives until "quit", whatever becomes of the daemon: one that was launched but never told to start just
// waits in state "created", and is found by its socket. It holds a lock (flock) on its run directory, so there is never
// a second one. If a monitor itself is killed, its container runs on, without log and without a parent: whoever finds
// the run directory with no monitor listening kills what is in the container's cgroup and records the code as unknown.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/id.h"
#include "base/json.h"
#include "base/units.h"
#include "runtime/container.h"
#include "runtime/log_store.h"

namespace hoist::runtime {

/// What a monitor is told at its start, in <run dir>/spec.json (0600); read again at every start of the container.
struct MonitorSpec {
    ContainerId id;
    Config config;
    RootFs root;
    std::string state_directory;  ///< on disk: exit.json, log.N
    std::string seccomp_file;     ///< ready BPF (SeccompProgram::filter); empty: unconfined
    bool init = false;
    bool open_stdin = false;
    bool stdin_once = false;  ///< stdin ends when the first attached client's input ends
    LogSettings log;
};
Json to_json(const MonitorSpec& spec);
MonitorSpec monitor_spec_from_json(const Json& document);

/// The last exit of a container as the monitor recorded it.
struct ExitRecord {
    std::uint64_t run = 0;  ///< counts starts of this container by this monitor, from 1
    int code = 0;           ///< as the shell counts: 128 + signal if killed
    int signal = 0;
    bool oom_killed = false;
    TimePoint started_at, finished_at;
    std::string error;  ///< set when the start itself failed
};
Json to_json(const ExitRecord& record);
ExitRecord exit_record_from_json(const Json& object);
/// Reads <state dir>/exit.json; nullopt if there is none.
std::optional<ExitRecord> read_exit_record(const std::string& state_directory);

/// One message with its descriptors.
struct Message {
    Json body;
    std::vector<Fd> fds;
};
/// Sends one message; one over 64 KiB travels in a memfd, so that no socket buffer has to be large.
/// @return false if the socket's buffer is full (EAGAIN) @throws Error(unavailable) if the peer is gone
bool send_message(const Fd& socket, const Json& body, const std::vector<int>& fds = {});
/// Receives one message; nullopt if none is waiting on a non-blocking socket.
/// @throws Error(unavailable) when the peer has closed
std::optional<Message> receive_message(const Fd& socket);

/// A new monitor and the daemon's end of its first connection.
struct LaunchedMonitor {
    pid_t pid = -1;
    Fd pidfd;
    Fd socket;  ///< SOCK_SEQPACKET, non-blocking
};
/// Starts a monitor for the container whose spec.json is in `run_directory`. It is in a session of its own and is not
/// killed with the caller. Safe in a threaded program (posix_spawn). It gets no descriptor but its socket, and of the
/// environment only HOIST_*. `runtime_program`: path of hoist-runtime; may be /proc/self/fd/N.
/// The caller reaps it (through pidfd) after "quit".
LaunchedMonitor launch_monitor(const std::string& runtime_program, const std::string& run_directory);
/// Connects to a monitor that is already there. @throws Error(not_found, unavailable) if none listens
Fd connect_monitor(const std::string& run_directory);

}  // namespace hoist::runtime
