// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "runtime/log_cursor.h"
#include "runtime/log_index.h"
#include "runtime/log_reader_state.h"
#include "runtime/log_store.h"

namespace hoist::runtime {
namespace {

/// Goes to where the last `count` lines begin. Newlines are counted backwards to a place that is surely early enough;
/// from there the lines are counted as they will be read, since filters and long lines make other counts.
void seek_tail(LogCursor& cursor, const std::string& directory, const LogQuery& query, std::uint64_t count,
               bool following) {
    constexpr std::uint64_t for_broken_lines = 3;
    std::uint64_t wanted = count + for_broken_lines;
    for (int attempt = 0;; ++attempt) {
        const LogPlace end = log_end(directory);
        const LogPlace start = place_before_lines(directory, query, end, wanted);
        LogCursor counter(directory, query);
        counter.stop_at(end);
        std::uint64_t lines = 0;
        bool there = counter.go_to(start);
        while (counter.next(following)) ++lines;
        if (lines < count && !start.is_first && attempt < 16) {
            wanted *= 4;
            continue;
        }
        there = there && cursor.go_to(start);
        if (!there && attempt < 20) continue;  // rotated away meanwhile
        cursor.skip_lines(lines > count ? lines - count : 0);
        return;
    }
}

struct RawState : LogReader::State {
    RawState(const std::string& from, const LogQuery& what) : State(from), query(what), cursor(directory, query) {}

    std::optional<LogLine> next(bool following) override {
        begin(following);
        return cursor.next(following);
    }
    std::optional<LogLine> next_lines(bool following) override {
        begin(following);
        return cursor.next_lines(following);
    }

    void begin(bool following) {
        if (std::exchange(begun, true)) return;
        if (query.tail)
            seek_tail(cursor, directory, query, *query.tail, following);
        else if (query.since)
            cursor.go_to(place_of_time(directory, *query.since));
    }

    LogQuery query;
    LogCursor cursor;
    bool begun = false;
};

}  // namespace

std::unique_ptr<LogReader::State> read_raw_log(const std::string& directory, const LogQuery& query) {
    return std::make_unique<RawState>(directory, query);
}

LogReader::LogReader(std::string directory, LogQuery query) : state_(read_raw_log(directory, query)) {}
LogReader::LogReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;

LogReader LogReader::of_json_file(const std::string& file, const LogQuery& query) {
    return LogReader(read_json_log(file, query));
}

std::optional<LogLine> LogReader::next() {
    return state_->next(static_cast<bool>(state_->notify));
}

std::optional<LogLine> LogReader::next_lines() {
    return state_->next_lines(static_cast<bool>(state_->notify));
}

int LogReader::notify_fd() const {
    State& state = *state_;
    if (!state.notify) {
        Fd notify(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "watch the log in {}", state.directory));
        check(::inotify_add_watch(notify.get(), state.directory.c_str(), IN_MODIFY | IN_CREATE | IN_ONLYDIR),
              "watch the log in {}", state.directory);
        state.notify = std::move(notify);
    }
    return state.notify.get();
}

void LogReader::drain() {
    std::array<char, 4096> events;
    while (state_->notify && ::read(state_->notify.get(), events.data(), events.size()) > 0) {
    }
}

}  // namespace hoist::runtime
