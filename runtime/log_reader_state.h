#pragma once
// SPDX-License-Identifier: Apache-2.0
// What is behind a LogReader: one of these per format of a log.

#include "runtime/log_store.h"

namespace hoist::runtime {

struct LogReader::State {
    explicit State(std::string watched) : directory(std::move(watched)) {}
    virtual ~State() = default;
    /// @see LogReader::next, next_lines
    virtual std::optional<LogLine> next(bool following) = 0;
    virtual std::optional<LogLine> next_lines(bool following) { return next(following); }

    std::string directory;  ///< where the log's files are
    Fd notify;              ///< set once the log is followed
};

std::unique_ptr<LogReader::State> read_raw_log(const std::string& directory, const LogQuery& query);
/// @param file  the newest file of a json-file log
std::unique_ptr<LogReader::State> read_json_log(const std::string& file, const LogQuery& query);

}  // namespace hoist::runtime
