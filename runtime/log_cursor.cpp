// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_cursor.h"

#include <string.h>
#include <sys/stat.h>

namespace hoist::runtime {
namespace {

constexpr std::size_t read_at_once = 64 << 10;
constexpr std::size_t longest_part = 16 << 10;  // of a line, given out in one piece

std::uint8_t flag_of_open(Stream stream) {
    return stream == Stream::stderr_ ? IndexRecord::stderr_open : IndexRecord::stdout_open;
}

}  // namespace

LogCursor::LogCursor(std::string directory, const LogQuery& query) : directory_(std::move(directory)), query_(query) {}

bool LogCursor::wanted(TimePoint time) const {
    return (!query_.since || time >= *query_.since) && (!query_.until || time <= *query_.until);
}

bool LogCursor::go_to(const LogPlace& place) {
    if (place.segment == 0) return true;
    if (!open_segment_after(place.segment - 1)) return true;  // no log yet
    if (segment_ != place.segment) return false;
    offset_ = place.offset;
    next_record_ = place.record;
    for (const Stream stream : {Stream::stdout_, Stream::stderr_})
        unfinished_[static_cast<std::size_t>(stream)].hidden = place.open_lines & flag_of_open(stream);
    return true;
}

bool LogCursor::open_segment_after(std::uint64_t number) {
    for (const std::uint64_t next : list_segments(directory_)) {
        if (next <= number) continue;
        Fd index(::open(index_path(directory_, next).c_str(), O_RDONLY | O_CLOEXEC));
        Fd data(::open(segment_path(directory_, next).c_str(), O_RDONLY | O_CLOEXEC));
        if (!data) continue;  // removed by the writer just now
        if (segment_ != 0 && next != segment_ + 1) ending_lines_ = true;
        struct stat info {};
        ::fstat(data.get(), &info);
        time_ = TimePoint(std::chrono::seconds(info.st_mtim.tv_sec));  // for bytes whose index is lost
        data_ = std::move(data);
        index_ = IndexFile(std::move(index));
        segment_ = next;
        offset_ = next_record_ = 0;
        piece_ = {};
        sound_size_.reset();
        const std::uint64_t size = file_size(data_), sound = sound_size(data_, index_);
        if (sound < size) sound_size_ = sound;
        return true;
    }
    return false;
}

bool LogCursor::has_later_segment() const {
    if (::access(segment_path(directory_, segment_ + 1).c_str(), F_OK) == 0) return true;
    struct stat info {};
    return ::fstat(data_.get(), &info) == 0 && info.st_nlink == 0 && !list_segments(directory_).empty();
}

std::uint64_t LogCursor::readable_end() {
    const std::uint64_t size = file_size(data_);
    std::uint64_t end = size;
    // A writer that came later has cut the zeros off and gone on: then all is sound.
    if (sound_size_) end = std::min(size, std::max(*sound_size_, sound_size(data_, index_)));
    return segment_ == stop_.segment ? std::min(end, stop_.offset) : end;
}

/// Reads the records up to the present offset, and where the block ends.
LogCursor::Found LogCursor::apply_records() {
    block_end_ = ~0ull;
    for (const std::uint64_t count = index_.count(); next_record_ < count; ++next_record_) {
        const auto record = index_.at(next_record_);
        if (!record) continue;
        if (record->offset > offset_) {
            block_end_ = record->offset;
            break;
        }
        time_ = TimePoint(Nanoseconds(record->time));
        if (record->stream != 0) stream_ = record->stream == 2 ? Stream::stderr_ : Stream::stdout_;
        if (record->flags & IndexRecord::boundary) {
            ++next_record_;
            return Found::boundary;
        }
    }
    return Found::bytes;
}

/// Makes piece_ the next bytes of one block.
LogCursor::Found LogCursor::find_bytes() {
    for (;;) {
        if (segment_ == 0 && !open_segment_after(0)) return Found::end;
        if (stop_.segment != 0 && segment_ > stop_.segment) return Found::end;
        const std::uint64_t written = readable_end();  // before the index: all bytes up to here have their record
        if (apply_records() == Found::boundary) return Found::boundary;
        if (offset_ >= written) {
            if (segment_ == stop_.segment || !has_later_segment()) return Found::end;
            if (readable_end() > offset_) continue;  // a last block, written before the rotation
            if (!open_segment_after(segment_)) return Found::end;
            if (ending_lines_) return Found::boundary;
            continue;
        }
        const std::uint64_t length = std::min(block_end_, written) - offset_;
        if (!wanted(stream_)) {
            offset_ += length;
            continue;
        }
        buffer_.resize(read_at_once);
        const ssize_t got = ::pread(data_.get(), buffer_.data(), std::min<std::uint64_t>(length, read_at_once),
                                    static_cast<off_t>(offset_));
        if (got <= 0) return Found::end;
        offset_ += static_cast<std::uint64_t>(got);
        piece_ = std::string_view(buffer_).substr(0, static_cast<std::size_t>(got));
        return Found::bytes;
    }
}

/// A line (or part of one) off the front of piece_; nullopt if its end is not there, or it is not to be shown.
std::optional<LogLine> LogCursor::take_line() {
    Unfinished& begun = unfinished_[static_cast<std::size_t>(stream_)];
    const std::size_t room = longest_part - begun.text.size();
    const std::size_t looked_at = std::min(room, piece_.size());
    const void* line_end = ::memchr(piece_.data(), '\n', looked_at);
    const std::size_t length =
        line_end ? static_cast<std::size_t>(static_cast<const char*>(line_end) - piece_.data()) + 1 : looked_at;
    const std::string_view text = piece_.substr(0, length);
    piece_.remove_prefix(length);
    if (begun.hidden) {
        begun.hidden = !line_end;
        return std::nullopt;
    }
    if (begun.text.empty()) begun.time = time_;
    if (!line_end && length < room) {
        begun.text.append(text);
        return std::nullopt;
    }
    LogLine line{begun.time, stream_, text};
    if (!begun.text.empty()) {
        line_.swap(begun.text);
        begun.text.clear();
        line_.append(text);
        line.text = line_;
    }
    if (!wanted(line.time)) return std::nullopt;
    return line;
}

/// All whole lines off the front of piece_; nullopt if that is none, or not so simple.
std::optional<LogLine> LogCursor::take_lines() {
    const Unfinished& begun = unfinished_[static_cast<std::size_t>(stream_)];
    if (skip_ > 0 || begun.hidden || !begun.text.empty() || !wanted(time_)) return std::nullopt;
    const auto end = piece_.rfind('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const LogLine lines{time_, stream_, piece_.substr(0, end + 1)};
    piece_.remove_prefix(end + 1);
    return lines;
}

std::optional<LogLine> LogCursor::take_unfinished() {
    for (const Stream stream : {Stream::stdout_, Stream::stderr_}) {
        Unfinished& begun = unfinished_[static_cast<std::size_t>(stream)];
        begun.hidden = false;
        if (begun.text.empty()) continue;
        line_.swap(begun.text);
        begun.text.clear();
        if (wanted(begun.time)) return LogLine{begun.time, stream, line_};
    }
    return std::nullopt;
}

std::optional<LogLine> LogCursor::next(bool following) {
    return advance(following, false);
}

std::optional<LogLine> LogCursor::next_lines(bool following) {
    return advance(following, true);
}

std::optional<LogLine> LogCursor::advance(bool following, bool many) {
    for (;;) {
        std::optional<LogLine> line;
        if (ending_lines_) {
            line = take_unfinished();
            ending_lines_ = line.has_value();
        } else if (!piece_.empty()) {
            if (many && (line = take_lines())) return line;
            line = take_line();
        } else {
            const Found found = find_bytes();
            if (found == Found::boundary) ending_lines_ = true;
            if (found == Found::end) {
                if (!following) line = take_unfinished();
                if (!line) return std::nullopt;
            }
        }
        if (line && skip_ == 0) return line;
        if (line) --skip_;
    }
}

}  // namespace hoist::runtime
