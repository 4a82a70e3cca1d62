#pragma once
// SPDX-License-Identifier: Apache-2.0
// A container's standard streams, from the monitor's side: output to the log and to attached clients, their input to
// the container.

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/detach_keys.h"
#include "runtime/container.h"
#include "runtime/log_store.h"
#include "runtime/monitor/attach_client.h"
#include "runtime/monitor/log_sink.h"
#include "runtime/monitor/loop.h"
#include "runtime/monitor_protocol.h"

namespace hoist::runtime {

/// Lives as long as the monitor; each run of the container brings new pipes or a new pty.
class ContainerIo {
public:
    /// @param on_loss  called when output begins to be lost, and when it no longer is, with the bytes lost so far
    ContainerIo(Loop& loop, std::function<void(std::uint64_t)> on_loss) : loop_(loop), on_loss_(std::move(on_loss)) {}

    /// Makes the pipes of a run and keeps our ends. @return the container's ends (empty with a terminal)
    Stdio prepare(const MonitorSpec& spec);
    /// The run has begun. `terminal`: its pty's master, if it has one; not owned.
    void begin(const Fd* terminal);
    /// It could not be started.
    void abandon();
    /// The run is over: takes what is left in the pipes (bounded), ends the log's lines and lets the clients go.
    void end();

    /// What an attached client wants.
    struct Wishes {
        bool input = false, out = true, err = true;
        std::string detach_keys;  ///< as bytes; heeded at a terminal only
        std::function<void()> on_detach;
    };
    void attach(Fd socket, Wishes wishes, const std::string& state_directory);
    /// Bytes of output that its log has not got, over all runs.
    std::uint64_t lost_bytes() const { return lost_before_ + (log_ ? log_->lost_bytes() : 0); }

private:
    /// One source of output.
    struct Source {
        Fd own;                  ///< our end of a pipe
        const Fd* fd = nullptr;  ///< that, or the pty's master; null: at its end
        Stream stream = Stream::stdout_;
        std::chrono::steady_clock::time_point last_read{};
    };
    struct Client {
        std::unique_ptr<AttachClient> connection;
        Wishes wishes;
        DetachKeys keys;
        bool wants(Stream stream) const { return stream == Stream::stderr_ ? wishes.err : wishes.out; }
    };

    void watch(Source& source);
    bool read_from(Source& source);
    void let_gather(Source& source, std::size_t got);
    void close(Source& source);
    void deliver(Stream stream, std::string_view bytes);
    void tell_loss();
    void open_log(const MonitorSpec& spec);
    /// Stops and resumes reading what the container writes, while its log cannot take it.
    void hold_output();
    void release_output();
    void update_terminal();
    void on_input(Client& client, std::string_view bytes);
    void detach(Client& client);
    void write_input();
    void close_input();
    void set_input_wanted(bool wanted);
    void remove(const AttachClient& client);

    Loop& loop_;
    std::function<void(std::uint64_t)> on_loss_;
    std::unique_ptr<LogSink> log_;
    Json log_made_from_;  ///< settings of log_
    std::uint64_t lost_before_ = 0, lost_told_ = 0;
    bool losing_ = false, output_held_ = false;
    Source out_, err_;
    Fd input_;                          ///< our end of the pipe to stdin
    const Fd* input_target_ = nullptr;  ///< that, or the pty's master
    std::string pending_input_;         ///< what the container has not taken yet; clients wait while there is any
    bool input_closed_ = false;         ///< this run has no stdin (any more)
    bool input_ends_ = false, stdin_once_ = false, framed_ = true;
    std::list<Client> clients_;
};

}  // namespace hoist::runtime
