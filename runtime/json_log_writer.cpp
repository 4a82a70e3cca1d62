// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_log_writer.h"

#include <string.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "runtime/json_log_record.h"
#include "runtime/line_splitter.h"
#include "runtime/log_index.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t batch_size = 16 << 10;  // of records that are written in one call

/// Where the last whole record ends: what is behind it a power failure or a kill has torn. (REL-15)
std::uint64_t sound_end(const Fd& file, std::uint64_t size) {
    std::string chunk(64 << 10, '\0');
    for (std::uint64_t end = size; end > 0;) {
        const std::uint64_t start = end > chunk.size() ? end - chunk.size() : 0;
        const ssize_t got = ::pread(file.get(), chunk.data(), end - start, static_cast<off_t>(start));
        if (got <= 0) return size;
        if (const void* found = ::memrchr(chunk.data(), '\n', static_cast<std::size_t>(got)))
            return start + static_cast<std::uint64_t>(static_cast<const char*>(found) - chunk.data()) + 1;
        end = start;
    }
    return 0;
}

}  // namespace

struct JsonLogWriter::State {
    LogSettings settings;
    std::string attributes;

    Fd file;
    std::uint64_t size = 0;  // of the file, without the batch
    std::string batch;
    std::uint64_t batch_text = 0;  // bytes of the container's in it
    struct Source {
        LineSplitter lines{longest_record_text};
        std::string since;  // when the line began whose end has not come
    };
    std::array<Source, 2> sources;  // stdout, stderr

    std::uint64_t lost = 0, lost_unnoted = 0;
    int reason = 0;

    bool open();
    bool rotate();
    void append(Stream stream, std::string_view bytes, const std::string& time);
    void put(Stream stream, std::string_view text, const std::string& time);
    void flush();
    void note_loss();
    Source& source_of(Stream stream) { return sources[stream == Stream::stderr_ ? 1 : 0]; }
    void lose(std::uint64_t bytes) {
        lost += bytes;
        lost_unnoted += bytes;
    }
    bool is_full() const {
        const auto limit = settings.limits.segment_size.count;
        return limit > 0 && size + batch.size() >= static_cast<std::uint64_t>(limit);
    }
};

bool JsonLogWriter::State::open() {
    if (file) return true;
    file = Fd(::open(settings.file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!file) {
        reason = errno;
        return false;
    }
    size = file_size(file);
    const std::uint64_t sound = sound_end(file, size);
    if (sound < size && ::ftruncate(file.get(), static_cast<off_t>(sound)) == 0) {
        lost_unnoted += size - sound;
        size = sound;
    }
    return true;
}

/// Docker's order: the oldest goes, each other one moves up, the newest becomes .1; readers go by the files themselves.
bool JsonLogWriter::State::rotate() {
    fail_point("json-log-rotate");
    const std::string& name = settings.file;
    const int files = std::max(settings.limits.segments, 1);
    const auto older = [&](int number) { return fmt::format("{}.{}", name, number); };
    if (files == 1) {
        ::unlink(name.c_str());
    } else {
        for (int number = files - 1; number > 1; --number) ::rename(older(number - 1).c_str(), older(number).c_str());
        fail_point("json-log-moved");
        if (::rename(name.c_str(), older(1).c_str()) != 0 && errno != ENOENT) {
            reason = errno;
            return false;
        }
    }
    fail_point("json-log-renamed");
    file.reset();
    return open();
}

/// Writes the batch, all of it or nothing: half a record would spoil the file for its readers.
void JsonLogWriter::State::flush() {
    if (batch.empty()) return;
    ssize_t put = 0;
    std::size_t done = 0;
    while (done < batch.size() && (put = ::write(file.get(), batch.data() + done, batch.size() - done)) > 0)
        done += static_cast<std::size_t>(put);
    if (done < batch.size()) {
        reason = errno;
        // By the file's own size: somebody may have cut it meanwhile, as people do with logs.
        const auto sound = file_size(file) - std::min<std::uint64_t>(file_size(file), done);
        [[maybe_unused]] const int ignored = ::ftruncate(file.get(), static_cast<off_t>(sound));
        lose(batch_text);
    } else {
        size += batch.size();
    }
    batch.clear();
    batch_text = 0;
}

void JsonLogWriter::State::put(Stream stream, std::string_view text, const std::string& time) {
    if (is_full()) {
        flush();
        if (!rotate()) return lose(text.size());
    }
    append_record(batch, stream, text, attributes, time);
    batch_text += text.size();
    if (batch.size() >= batch_size) flush();
}

void JsonLogWriter::State::note_loss() {
    const std::string why = reason ? std::string(": ") + ::strerror(reason) : "";
    const std::uint64_t noted = std::exchange(lost_unnoted, 0), all = lost;
    reason = 0;
    put(Stream::stderr_, fmt::format("[hoist: {} bytes of output were lost{}]\n", noted, why), record_time(now()));
    batch_text = 0;
    flush();
    if (reason != 0) lost_unnoted = noted;  // still no room: told another time
    lost = all;
}

void JsonLogWriter::State::append(Stream stream, std::string_view bytes, const std::string& time) {
    Source& source = source_of(stream);
    const bool began_before = source.lines.within_line();
    bool first_ended = false;
    source.lines.feed(bytes, [&](std::string_view text, bool continued) {
        put(stream, text, continued && began_before && !first_ended ? source.since : time);
        first_ended = true;
    });
    if (!began_before || first_ended) source.since = time;
}

JsonLogWriter::JsonLogWriter(const LogSettings& settings) : state_(std::make_unique<State>()) {
    state_->settings = settings;
    state_->attributes = record_attributes(settings.fields);
}
JsonLogWriter::~JsonLogWriter() = default;
JsonLogWriter::JsonLogWriter(JsonLogWriter&&) noexcept = default;

void JsonLogWriter::append(Stream stream, std::string_view bytes) {
    State& state = *state_;
    try {
        if (!state.open()) return state.lose(bytes.size());
        if (state.lost_unnoted > 0) state.note_loss();
        if (state.lost_unnoted > 0) return state.lose(bytes.size());
        state.append(stream, bytes, record_time(now()));
        state.flush();
    } catch (const std::exception&) {
        state.lose(bytes.size());
    }
}

void JsonLogWriter::end_run() {
    State& state = *state_;
    for (const Stream stream : {Stream::stdout_, Stream::stderr_}) {
        auto& source = state.source_of(stream);
        source.lines.finish([&](std::string_view text, bool) {
            if (state.open())
                state.put(stream, text, source.since);
            else
                state.lose(text.size());
        });
    }
    state.flush();
    std::string().swap(state.batch);
}

void JsonLogWriter::lose(std::uint64_t bytes) {
    state_->lose(bytes);
}

std::uint64_t JsonLogWriter::lost_bytes() const {
    return state_->lost;
}

std::string json_log_file(const std::string& directory, const std::string& id) {
    return directory + "/" + id + "-json.log";
}

}  // namespace hoist::runtime
