#pragma once
// SPDX-License-Identifier: Apache-2.0
// A container's log on disk: raw bytes in rotated segments with a sparse index, written by the monitor, read by anyone.
//
//   <dir>/log.N            raw bytes of both streams, in the order they came; N counts up, the highest is written to
//   <dir>/log.N.index      fixed records {offset, time, stream, flags}, one where each block begins (log_index.h)
//
// A block is what came from one stream within 10 ms. A reader needs no lock: segments only grow or vanish, a record is
// written before its bytes, a torn index tail is skipped. (SEC-53, REL-15, REL-31)

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/units.h"
#include "runtime/log_settings.h"

namespace hoist::runtime {

enum class Stream : std::uint8_t { stdin_ = 0, stdout_ = 1, stderr_ = 2 };

/// Appends to a log, which is made at the first byte. Errors (disk full) are counted, never thrown at the container:
/// losing bytes is recorded in the log itself, as a line on stderr, once writing works again. (REL-19)
class LogWriter {
public:
    LogWriter(std::string directory, LogLimits limits);
    ~LogWriter();
    LogWriter(LogWriter&&) noexcept;
    /// Appends one block; rotates at a line end when the segment is full. A line may go over the limit by 1/8.
    void append(Stream stream, std::string_view bytes);
    /// Marks that the container has stopped: lines without an end are whole now, and are not joined with what a later
    /// run writes.
    void end_run();
    /// Bytes that never came here are missing in the log, too: noted in it as those that could not be written are.
    void lose(std::uint64_t bytes);
    std::uint64_t lost_bytes() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One line of a log (with its '\n', unless the writer ended without one), or a part of a line over 16 KiB.
struct LogLine {
    TimePoint time;
    Stream stream = Stream::stdout_;
    std::string_view text;  ///< valid until the next call
};

struct LogQuery {
    std::optional<TimePoint> since, until;  ///< both inclusive; a line's time is that of its first byte, to 10 ms
    std::optional<std::uint64_t> tail;      ///< the last n lines
    bool want_stdout = true, want_stderr = true;
};

/// Reads a log from front to back and can go on as it grows. It follows from the first call of notify_fd() on: then a
/// line without an end is held back until it has one or the container stops; otherwise it is given out at the log's
/// present end. Call notify_fd() before the first next() to follow.
class LogReader {
public:
    /// Of the raw log in `directory`.
    LogReader(std::string directory, LogQuery query);
    /// Of a json-file log, by its newest file. Damaged records are left out, which a line of ours tells once.
    static LogReader of_json_file(const std::string& file, const LogQuery& query);
    ~LogReader();
    LogReader(LogReader&&) noexcept;
    /// The next line; nullopt at the present end. After more was written, it may be called again and goes on, across
    /// rotations.
    std::optional<LogLine> next();
    /// As next(), but several lines of one stream and time come at once where that is cheaper; long lines are not cut.
    std::optional<LogLine> next_lines();
    /// An inotify descriptor that becomes readable when the log grew or rotated; drain() it, then call next() until it
    /// answers nullopt. @throws Error if there is no such directory
    int notify_fd() const;
    void drain();

    struct State;  ///< log_reader_state.h

private:
    explicit LogReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hoist::runtime
