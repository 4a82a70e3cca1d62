#pragma once
// SPDX-License-Identifier: Apache-2.0
// A container's standard streams, from the monitor's side: output to the log and to attached clients, their input to
// the container.

#include <list>
#include <memory>
#include <optional>
#include <string>

#include "runtime/container.h"
#include "runtime/log_store.h"
#include "runtime/monitor/attach_client.h"
#include "runtime/monitor/loop.h"
#include "runtime/monitor_protocol.h"

namespace hoist::runtime {

/// Lives as long as the monitor; each run of the container brings new pipes or a new pty.
class ContainerIo {
public:
    explicit ContainerIo(Loop& loop) : loop_(loop) {}

    /// Makes the pipes of a run and keeps our ends. @return the container's ends (empty with a terminal)
    Stdio prepare(const MonitorSpec& spec);
    /// The run has begun. `terminal`: its pty's master, if it has one; not owned.
    void begin(const Fd* terminal);
    /// It could not be started.
    void abandon();
    /// The run is over: takes what is left in the pipes (bounded), ends the log's lines and lets the clients go.
    void end();

    void attach(Fd socket, bool wants_input, const std::string& state_directory);

private:
    /// One source of output.
    struct Source {
        Fd own;                  ///< our end of a pipe
        const Fd* fd = nullptr;  ///< that, or the pty's master; null: at its end
        Stream stream = Stream::stdout_;
    };
    struct Client {
        std::unique_ptr<AttachClient> connection;
        bool wants_input;
    };

    void watch(Source& source);
    bool read_from(Source& source);
    void close(Source& source);
    void deliver(Stream stream, std::string_view bytes);
    void on_input(Client& client, std::string_view bytes);
    void write_input();
    void close_input();
    void set_input_wanted(bool wanted);
    void remove(const AttachClient& client);

    Loop& loop_;
    std::optional<LogWriter> log_;
    std::string log_directory_;
    Source out_, err_;
    Fd input_;                          ///< our end of the pipe to stdin
    const Fd* input_target_ = nullptr;  ///< that, or the pty's master
    std::string pending_input_;         ///< what the container has not taken yet; clients wait while there is any
    bool input_closed_ = false;         ///< this run has no stdin (any more)
    bool input_ends_ = false, stdin_once_ = false, framed_ = true;
    std::list<Client> clients_;
};

}  // namespace hoist::runtime
