#pragma once
// SPDX-License-Identifier: Apache-2.0
// The log driver journald: each line a message to systemd's journal.

#include "runtime/line_splitter.h"
#include "runtime/monitor/log_sink.h"
#include "runtime/monitor/packet_queue.h"

namespace hoist::runtime {

class JournalSink : public LogSink {
public:
    /// @throws Error(unavailable) if there is no journal on this host
    JournalSink(Loop& loop, LogSinkSpec spec);
    void append(Stream stream, std::string_view bytes) override;
    bool congested() const override { return !spec_.settings.non_blocking && queue_.waiting() > 0; }
    void end_run() override;
    std::uint64_t lost_bytes() const override { return queue_.lost() + dropped_; }

private:
    void send_line(Stream stream, std::string_view text);
    void send(std::string_view priority, std::string_view message, bool partial, std::size_t weight);
    void reconnect();
    void note_loss();

    LogSinkSpec spec_;
    std::string fields_;  ///< those that all messages have
    PacketQueue queue_;
    LineSplitter out_, err_;
    std::uint64_t dropped_ = 0, noted_ = 0;
};

}  // namespace hoist::runtime
