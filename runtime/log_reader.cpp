// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "runtime/log_cursor.h"
#include "runtime/log_index.h"
#include "runtime/log_store.h"

namespace hoist::runtime {

struct LogReader::State {
    std::string directory;
    LogQuery query;
    LogCursor cursor;
    Fd notify;
    bool started = false;

    State(std::string from, LogQuery what)
        : directory(std::move(from)), query(std::move(what)), cursor(directory, query) {}
};

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

}  // namespace

LogReader::LogReader(std::string directory, LogQuery query)
    : state_(std::make_unique<State>(std::move(directory), std::move(query))) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;

std::optional<LogLine> LogReader::next() {
    State& state = *state_;
    const bool following = static_cast<bool>(state.notify);
    if (!state.started) {
        state.started = true;
        if (state.query.tail)
            seek_tail(state.cursor, state.directory, state.query, *state.query.tail, following);
        else if (state.query.since)
            state.cursor.go_to(place_of_time(state.directory, *state.query.since));
    }
    return state.cursor.next(following);
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
