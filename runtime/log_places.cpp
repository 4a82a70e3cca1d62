// SPDX-License-Identifier: Apache-2.0
// Finding a place in a log by time or by lines, from the index and from the end.
#include <string.h>

#include "runtime/log_cursor.h"

namespace hoist::runtime {
namespace {

struct Segment {
    std::uint64_t number = 0;
    Fd data;
    IndexFile index;

    Segment(const std::string& directory, std::uint64_t of)
        : number(of),
          data(::open(segment_path(directory, of).c_str(), O_RDONLY | O_CLOEXEC)),
          index(Fd(::open(index_path(directory, of).c_str(), O_RDONLY | O_CLOEXEC))) {}
};

constexpr std::uint8_t open_lines_mask = IndexRecord::stdout_open | IndexRecord::stderr_open;

/// Counts line ends backwards.
class LineEndCounter {
public:
    explicit LineEndCounter(std::uint64_t wanted) : left_(wanted) {}
    /// Looks at [begin, end). @return the offset after the line end that completes the count
    std::optional<std::uint64_t> count(const Fd& data, std::uint64_t begin, std::uint64_t end) {
        buffer_.resize(64 << 10);
        while (end > begin) {
            const std::uint64_t start = std::max(begin, end > buffer_.size() ? end - buffer_.size() : 0);
            const ssize_t got = ::pread(data.get(), buffer_.data(), end - start, static_cast<off_t>(start));
            if (got <= 0) return std::nullopt;
            std::size_t length = static_cast<std::size_t>(got);
            while (const void* found = ::memrchr(buffer_.data(), '\n', length)) {
                length = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
                if (--left_ == 0) return start + length + 1;
            }
            end = start;
        }
        return std::nullopt;
    }

private:
    std::uint64_t left_;
    std::string buffer_;
};

bool block_wanted(const LogQuery& query, const IndexRecord& record) {
    const TimePoint time{Nanoseconds(record.time)};
    const bool stream = record.stream == 2 ? query.want_stderr : query.want_stdout;
    return stream && (!query.since || time >= *query.since) && (!query.until || time <= *query.until);
}

}  // namespace

LogPlace log_end(const std::string& directory) {
    const auto numbers = list_segments(directory);
    if (numbers.empty()) return {.is_first = true};
    Segment last(directory, numbers.back());
    if (!last.data) return {.is_first = true};
    LogPlace end{.segment = last.number};
    end.record = last.index.count();
    end.offset = sound_size(last.data, last.index);
    return end;
}

LogPlace place_of_time(const std::string& directory, TimePoint time) {
    for (const std::uint64_t number : list_segments(directory)) {
        Segment segment(directory, number);
        const std::uint64_t count = segment.index.count();
        if (count == 0 && file_size(segment.data) > 0) return {.segment = number};
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto record = segment.index.at(i);
            if (!record || record->time < time.time_since_epoch().count()) continue;
            const auto open = static_cast<std::uint8_t>(record->flags & open_lines_mask);
            return {.segment = number, .offset = record->offset, .record = i, .open_lines = open};
        }
    }
    return log_end(directory);
}

LogPlace place_before_lines(const std::string& directory, const LogQuery& query, const LogPlace& end,
                            std::uint64_t lines) {
    const auto numbers = list_segments(directory);
    LineEndCounter counter(lines);
    for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
        if (*number > end.segment) continue;
        Segment segment(directory, *number);
        if (!segment.data) break;
        const bool last = *number == end.segment;
        std::uint64_t block_end = last ? end.offset : file_size(segment.data);
        for (std::uint64_t i = segment.index.count(); i-- > 0;) {
            const auto record = segment.index.at(i);
            if (!record || record->offset >= block_end) continue;
            if (block_wanted(query, *record)) {
                const auto found = counter.count(segment.data, record->offset, block_end);
                if (found) {
                    const auto others = record->stream == 2 ? IndexRecord::stdout_open : IndexRecord::stderr_open;
                    const auto open = static_cast<std::uint8_t>(record->flags & others);
                    return {.segment = *number, .offset = *found, .record = i, .open_lines = open};
                }
            }
            block_end = record->offset;
        }
    }
    return {.segment = numbers.empty() ? 0 : numbers.front(), .is_first = true};
}

}  // namespace hoist::runtime
