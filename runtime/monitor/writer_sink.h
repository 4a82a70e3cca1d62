#pragma once
// SPDX-License-Identifier: Apache-2.0
// Log drivers that write files: in this process, or, where the container must not wait for a disk, in another one.

#include <memory>

#include "runtime/monitor/log_sink.h"
#include "runtime/monitor/packet_queue.h"

namespace hoist::runtime {

/// LogWriter and JsonLogWriter as sinks.
template <class Writer>
class WriterSink : public LogSink {
public:
    explicit WriterSink(Writer writer) : writer_(std::move(writer)) {}
    void append(Stream stream, std::string_view bytes) override { writer_.append(stream, bytes); }
    void end_run() override { writer_.end_run(); }
    std::uint64_t lost_bytes() const override { return writer_.lost_bytes(); }
    void lose(std::uint64_t bytes) { writer_.lose(bytes); }

private:
    Writer writer_;
};

/// A child of the monitor that owns the files. It is given output through a socket, and when that is full and
/// `most_waiting` waits as well, output is dropped and counted: a disk that stands still holds nobody up but the child.
class WriterProcess : public LogSink {
public:
    WriterProcess(Loop& loop, LogSinkSpec spec);
    ~WriterProcess() override;
    void append(Stream stream, std::string_view bytes) override;
    void end_run() override;
    std::uint64_t lost_bytes() const override { return dropped_ + written_lost_ + (queue_ ? queue_->lost() : 0); }

private:
    void start();
    void send(char kind, Stream stream, std::string_view bytes);
    void take_reports();
    void on_exit();

    Loop& loop_;
    LogSinkSpec spec_;
    Fd pidfd_, reports_;
    std::unique_ptr<PacketQueue> queue_;
    std::uint64_t dropped_ = 0;       ///< here, for lack of room
    std::uint64_t written_lost_ = 0;  ///< there, as the child tells
    std::uint64_t announced_ = 0;     ///< of dropped_: what the child knows of
    bool ended_ = false;              ///< the child has answered that all is written
};

}  // namespace hoist::runtime
