// SPDX-License-Identifier: Apache-2.0
// Reading a json-file log back.
#include "base/path.h"
#include "runtime/json_log_files.h"
#include "runtime/json_log_record.h"
#include "runtime/log_reader_state.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t most_gathered = 32 << 10;
constexpr std::string_view damage_note = "[hoist: damaged records were left out]\n";

struct JsonState : LogReader::State {
    JsonState(const std::string& file, const LogQuery& what)
        : State(split_path(file).parent), name(file), query(what), files(file) {}

    std::optional<LogLine> next(bool) override {
        if (!take_unskipped()) return std::nullopt;
        return LogLine{record.time, record.stream, record.text};
    }

    /// What was written at once has one time, and goes out at once.
    std::optional<LogLine> next_lines(bool) override {
        if (!take_unskipped()) return std::nullopt;
        gathered.swap(record.text);
        const TimePoint time = record.time;
        const Stream stream = record.stream;
        while (gathered.size() < most_gathered && take()) {
            if (record.time != time || record.stream != stream) {
                held_back = true;
                break;
            }
            gathered += record.text;
        }
        return LogLine{time, stream, gathered};
    }

    bool take_unskipped() {
        begin();
        if (std::exchange(held_back, false)) return true;
        for (; take(); --skip)
            if (skip == 0) return true;
        return false;
    }

    /// The next record that the query wants. What is no record is told of once. (REL-15)
    bool take() {
        while (const auto line = files.next_line()) {
            if (parse_record(*line, record)) {
                if (wanted()) return true;
            } else if (!std::exchange(damage_told, true)) {
                record.stream = Stream::stderr_;
                record.text = damage_note;
                if (query.want_stderr) return true;
            }
        }
        return false;
    }

    bool wanted() const {
        const bool stream = record.stream == Stream::stderr_ ? query.want_stderr : query.want_stdout;
        return stream && (!query.since || record.time >= *query.since) && (!query.until || record.time <= *query.until);
    }

    void begin() {
        if (std::exchange(begun, true)) return;
        if (query.tail) {
            seek_tail(*query.tail);
        } else if (query.since) {
            files.seek_time(std::chrono::duration_cast<std::chrono::seconds>(query.since->time_since_epoch()).count());
        }
    }

    /// Records are counted backwards to a place that may be early enough, and from there as they are wanted.
    void seek_tail(std::uint64_t count) {
        for (std::uint64_t lines = count;; lines = lines * 4 + 16) {
            const std::uint64_t found = files.seek_back(lines);
            std::uint64_t matching = 0;
            for (std::uint64_t i = 0; i < found; ++i) {
                const auto line = files.next_line();
                if (line && parse_record(*line, record) && wanted()) ++matching;
            }
            if (matching < count && found == lines) continue;
            files.seek_back(found);
            skip = matching > count ? matching - count : 0;
            return;
        }
    }

    std::string name;
    LogQuery query;
    JsonLogFiles files;
    JsonRecord record;
    bool held_back = false;  // record was read, but has not been given out
    std::string gathered;
    std::uint64_t skip = 0;
    bool begun = false, damage_told = false;
};

}  // namespace

std::unique_ptr<LogReader::State> read_json_log(const std::string& file, const LogQuery& query) {
    return std::make_unique<JsonState>(file, query);
}

}  // namespace hoist::runtime
