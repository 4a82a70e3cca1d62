#pragma once
// SPDX-License-Identifier: Apache-2.0
// Reading a log (log_store.h) from a given place on: the part of LogReader that walks over segments and blocks.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/log_index.h"
#include "runtime/log_store.h"

namespace hoist::runtime {

/// A place in a log where reading can begin: a block, or the start of a line inside it.
struct LogPlace {
    std::uint64_t segment = 0;  ///< 0: before the first
    std::uint64_t offset = 0;
    std::uint64_t record = 0;     ///< of the block around it
    std::uint8_t open_lines = 0;  ///< streams (IndexRecord::stdout_open, ...) whose line began earlier: not to be shown
    bool is_first = false;        ///< there is nothing before it
};

class LogCursor {
public:
    LogCursor(std::string directory, const LogQuery& query);
    /// The next line that the query wants (but for its tail). At the end, an unfinished line is given out unless
    /// `following`.
    std::optional<LogLine> next(bool following);
    /// As next, but all whole lines that are at hand, if they share stream and time.
    std::optional<LogLine> next_lines(bool following);
    /// @return false if that segment is gone; the cursor is then at the first one
    bool go_to(const LogPlace& place);
    void stop_at(const LogPlace& end) { stop_ = end; }
    void skip_lines(std::uint64_t count) { skip_ = count; }

private:
    enum class Found { bytes, boundary, end };
    std::optional<LogLine> advance(bool following, bool many);
    Found find_bytes();
    Found apply_records();
    bool open_segment_after(std::uint64_t number);
    bool has_later_segment() const;
    std::uint64_t readable_end();
    std::optional<LogLine> take_line();
    std::optional<LogLine> take_lines();
    std::optional<LogLine> take_unfinished();
    bool wanted(TimePoint time) const;
    bool wanted(Stream stream) const { return stream == Stream::stderr_ ? query_.want_stderr : query_.want_stdout; }

    /// What was read of a line whose end has not been seen.
    struct Unfinished {
        std::string text;
        TimePoint time;
        bool hidden = false;
    };

    std::string directory_;
    LogQuery query_;
    LogPlace stop_;  // segment 0: none
    std::uint64_t skip_ = 0;

    std::uint64_t segment_ = 0;
    Fd data_;
    IndexFile index_;
    std::optional<std::uint64_t> sound_size_;  // of a segment that another boot left
    std::uint64_t offset_ = 0, next_record_ = 0, block_end_ = 0;
    Stream stream_ = Stream::stdout_;
    TimePoint time_;

    std::string buffer_, line_;
    std::string_view piece_;  // of buffer_, not yet given out
    std::array<Unfinished, 3> unfinished_;
    bool ending_lines_ = false;
};

/// The present end of a log.
LogPlace log_end(const std::string& directory);
/// The first block that is not older than `time`; the end if there is none.
LogPlace place_of_time(const std::string& directory, TimePoint time);
/// A place before `end` with at least `lines` line ends of wanted streams and times after it; else the first place.
LogPlace place_before_lines(const std::string& directory, const LogQuery& query, const LogPlace& end,
                            std::uint64_t lines);

}  // namespace hoist::runtime
