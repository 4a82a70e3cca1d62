// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "runtime/log_index.h"
#include "runtime/log_store.h"

namespace hoist::runtime {
namespace {

constexpr std::int64_t block_nanoseconds = 10'000'000;  // how far a line's time may be off

std::int64_t nanoseconds_now() {
    return now().time_since_epoch().count();
}

std::uint8_t open_flag(Stream stream) {
    return stream == Stream::stderr_ ? IndexRecord::stderr_open : IndexRecord::stdout_open;
}

/// Writes as much as the disk takes. @return the number of bytes written; errno tells why it is not all
std::size_t write_at(const Fd& fd, const void* bytes, std::size_t size, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t put =
            ::pwrite(fd.get(), static_cast<const char*>(bytes) + done, size - done, static_cast<off_t>(offset + done));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) break;
        done += static_cast<std::size_t>(put);
    }
    return done;
}

}  // namespace

struct LogWriter::State {
    std::string directory;
    std::uint64_t segment_size, segments;

    std::uint64_t number = 0;  // of the segment that is written to; 0: none is open
    Fd data, index;
    std::uint64_t size = 0, index_size = 0;

    Stream stream = Stream::stdin_;  // of the last block; stdin_: the next bytes begin a new one
    std::int64_t block_time = 0;
    std::uint8_t open_lines = 0;  // IndexRecord::stdout_open, stderr_open

    std::uint64_t lost = 0, lost_unnoted = 0;
    int reason = 0;

    bool open();
    bool open_segment(std::uint64_t next);
    bool rotate();
    bool record(Stream of, std::uint8_t flags, std::uint32_t value = 0);
    bool note_loss();
    void append(Stream of, std::string_view bytes);
    bool append_block(Stream of, std::string_view bytes);
    std::size_t room_for(Stream of, std::string_view bytes) const;
    void lose(std::uint64_t bytes);
};

/// Opens the newest segment, or makes the first. Called again after a failure.
bool LogWriter::State::open() {
    if (number != 0) return true;
    const auto present = list_segments(directory);
    if (!open_segment(present.empty() ? 1 : present.back())) return false;
    IndexFile records(index.duplicate());
    const std::uint64_t sound = sound_size(data, records), torn = size - sound;
    if (torn > 0 && ::ftruncate(data.get(), static_cast<off_t>(sound)) == 0) {
        size = sound;
        lost_unnoted = torn;
    }
    if (!record(Stream::stdin_, IndexRecord::opened | IndexRecord::boundary, boot_number())) number = 0;
    return number != 0;
}

bool LogWriter::State::open_segment(std::uint64_t next) {
    constexpr int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    Fd new_index(::open(index_path(directory, next).c_str(), flags, 0640));
    if (!new_index && errno == ENOENT) {
        make_directories(directory, 0700);
        new_index = Fd(::open(index_path(directory, next).c_str(), flags, 0640));
    }
    if (!new_index) return false;
    Fd new_data(::open(segment_path(directory, next).c_str(), flags, 0640));
    if (!new_data) return false;
    data = std::move(new_data);
    index = std::move(new_index);
    number = next;
    size = file_size(data);
    index_size = file_size(index) / sizeof(IndexRecord) * sizeof(IndexRecord);
    stream = Stream::stdin_;
    return true;
}

/// Begins the next segment; then removes those beyond the limit. A kill in between leaves at most a segment too many,
/// which the next rotation removes.
bool LogWriter::State::rotate() {
    fail_point("log-rotate");
    if (!open_segment(number + 1)) return false;
    fail_point("log-rotate-opened");
    record(Stream::stdin_, IndexRecord::opened, boot_number());
    for (const std::uint64_t old : list_segments(directory)) {
        if (old + segments > number) break;
        ::unlink(segment_path(directory, old).c_str());
        fail_point("log-rotate-unlink");
        ::unlink(index_path(directory, old).c_str());
    }
    return true;
}

bool LogWriter::State::record(Stream of, std::uint8_t flags, std::uint32_t value) {
    const std::int64_t time = nanoseconds_now();
    IndexRecord entry{.offset = size, .time = time, .value = value, .stream = static_cast<std::uint8_t>(of)};
    entry.flags = flags | open_lines;
    entry.check = checksum(entry);
    if (write_at(index, &entry, sizeof(entry), index_size) != sizeof(entry)) {
        reason = errno;
        return false;  // a part of a record is overwritten by the next
    }
    index_size += sizeof(entry);
    stream = of;
    block_time = time;
    if (flags & IndexRecord::boundary) open_lines = 0;
    return true;
}

void LogWriter::State::lose(std::uint64_t bytes) {
    lost += bytes;
    lost_unnoted += bytes;
}

/// Says in the log that bytes are missing here. @return false if even that cannot be written
bool LogWriter::State::note_loss() {
    const std::string why = reason ? std::string(": ") + ::strerror(reason) : "";
    const std::string text = fmt::format("[hoist: {} bytes of output were lost{}]\n", lost_unnoted, why);
    const std::uint64_t index_before = index_size;
    if (!record(Stream::stderr_, IndexRecord::note | IndexRecord::boundary)) return false;
    stream = Stream::stdin_;
    if (write_at(data, text.data(), text.size(), size) != text.size()) {
        reason = errno;
        [[maybe_unused]] const int ignored = ::ftruncate(data.get(), static_cast<off_t>(size));
        index_size = index_before;
        return false;
    }
    size += text.size();
    lost_unnoted = 0;
    reason = 0;
    return true;
}

/// How many of the bytes still belong into the present segment: all, or up to a line's end. A line may go over the
/// limit by an eighth before it is cut.
std::size_t LogWriter::State::room_for(Stream of, std::string_view bytes) const {
    const std::uint64_t used = size + index_size + sizeof(IndexRecord);
    const std::size_t room = used < segment_size ? static_cast<std::size_t>(segment_size - used) : 0;
    if (bytes.size() <= room) return bytes.size();
    const auto line_end = bytes.substr(0, room).rfind('\n');
    if (line_end != std::string_view::npos) return line_end + 1;
    if (size > 0 && !(open_lines & open_flag(of))) return 0;
    const std::uint64_t over = segment_size + segment_size / 8;
    const std::size_t stretch = std::max<std::size_t>(used < over ? over - used : 0, size == 0);
    const auto late_end = bytes.substr(0, stretch).find('\n', room);
    return late_end != std::string_view::npos ? late_end + 1 : std::min(stretch, bytes.size());
}

bool LogWriter::State::append_block(Stream of, std::string_view bytes) {
    const std::int64_t age = nanoseconds_now() - block_time;
    const bool stale = age >= block_nanoseconds || age < 0;
    // Bytes under the wrong stream's name would be worse than none; under an old time they are not.
    if ((of != stream || stale) && !record(of, 0) && of != stream) {
        lose(bytes.size());
        return false;
    }
    const std::size_t put = write_at(data, bytes.data(), bytes.size(), size);
    if (put < bytes.size()) {
        reason = errno;
        lose(bytes.size() - put);
    }
    size += put;
    if (put > 0) open_lines = bytes[put - 1] == '\n' ? open_lines & ~open_flag(of) : open_lines | open_flag(of);
    return put == bytes.size();
}

void LogWriter::State::append(Stream of, std::string_view bytes) {
    if (!open() || (lost_unnoted > 0 && !note_loss())) return lose(bytes.size());
    while (!bytes.empty()) {
        const std::size_t fitting = room_for(of, bytes);
        if (fitting > 0 && !append_block(of, bytes.substr(0, fitting))) return lose(bytes.size() - fitting);
        bytes.remove_prefix(fitting);
        if (!bytes.empty() && !rotate()) {
            reason = errno;
            return lose(bytes.size());
        }
    }
}

LogWriter::LogWriter(std::string directory, LogLimits limits) : state_(std::make_unique<State>()) {
    state_->directory = std::move(directory);
    // "No limit" is far from overflow when an eighth is added.
    state_->segment_size =
        limits.segment_size.count > 0 ? static_cast<std::uint64_t>(limits.segment_size.count) : 1ull << 60;
    state_->segments = static_cast<std::uint64_t>(std::max(limits.segments, 1));
}

LogWriter::~LogWriter() = default;
LogWriter::LogWriter(LogWriter&&) noexcept = default;

void LogWriter::append(Stream stream, std::string_view bytes) {
    if (bytes.empty()) return;
    try {
        state_->append(stream, bytes);
    } catch (const std::exception&) {
        state_->lose(bytes.size());
    }
}

void LogWriter::end_run() {
    if (state_->number == 0) return;
    state_->record(Stream::stdin_, IndexRecord::boundary);
    state_->stream = Stream::stdin_;
}

void LogWriter::lose(std::uint64_t bytes) {
    state_->lose(bytes);
}

std::uint64_t LogWriter::lost_bytes() const {
    return state_->lost;
}

}  // namespace hoist::runtime
