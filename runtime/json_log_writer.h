#pragma once
// SPDX-License-Identifier: Apache-2.0
// The log driver json-file: Docker's records in Docker's files, <file>, <file>.1 (older), <file>.2, ...

#include <memory>

#include "runtime/log_settings.h"
#include "runtime/log_store.h"

namespace hoist::runtime {

/// As LogWriter: errors are counted, and told in the log once it can be written again.
class JsonLogWriter {
public:
    /// @param settings  file, limits and fields of it are used
    explicit JsonLogWriter(const LogSettings& settings);
    ~JsonLogWriter();
    JsonLogWriter(JsonLogWriter&&) noexcept;
    void append(Stream stream, std::string_view bytes);
    /// Writes what has come of lines without an end.
    void end_run();
    /// Bytes that never came here are missing in the log, too.
    void lose(std::uint64_t bytes);
    std::uint64_t lost_bytes() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "<directory>/<id>-json.log": where Docker's tools look.
std::string json_log_file(const std::string& directory, const std::string& id);

}  // namespace hoist::runtime
