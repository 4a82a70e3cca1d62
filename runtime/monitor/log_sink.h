#pragma once
// SPDX-License-Identifier: Apache-2.0
// Where a container's output goes, from the monitor's side: one per log driver.

#include <functional>
#include <memory>
#include <string_view>

#include "runtime/log_settings.h"
#include "runtime/log_store.h"
#include "runtime/monitor/loop.h"

namespace hoist::runtime {

class LogSink {
public:
    virtual ~LogSink() = default;
    /// Takes all of it, whatever happens to it then.
    virtual void append(Stream stream, std::string_view bytes) = 0;
    /// Whether the container should wait before it writes more; it is told when that is over.
    virtual bool congested() const { return false; }
    /// The container has stopped: what is waiting is written, within two seconds.
    virtual void end_run() = 0;
    /// Of the container's output, since this sink was made.
    virtual std::uint64_t lost_bytes() const = 0;
};

/// What a sink is made from.
struct LogSinkSpec {
    LogSettings settings;
    std::string directory;  ///< of a local log
    /// Called when `congested` is over.
    std::function<void()> relieved;
};

/// @return null for the driver `none` @throws Error if the log cannot be had (there is no journal)
std::unique_ptr<LogSink> make_log_sink(Loop& loop, LogSinkSpec spec);

}  // namespace hoist::runtime
