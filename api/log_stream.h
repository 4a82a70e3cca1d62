#pragma once
// SPDX-License-Identifier: Apache-2.0
// Reads a container's log as it grows.

#include <boost/asio/posix/stream_descriptor.hpp>

#include "orchestrator/engine.h"
#include "runtime/log_store.h"

namespace hoist::api {

namespace asio = boost::asio;

enum class LogFraming { raw, frames };

struct LogStreamOptions {
    runtime::LogQuery query;
    bool follow = false;
    bool timestamps = false;
    LogFraming framing = LogFraming::frames;
};

/// Hands out a log in batches that fit a write. Following ends when the container is over for good and all was read.
class LogStream {
public:
    LogStream(orchestrator::Engine& engine, ContainerId id, LogStreamOptions options,
              const asio::any_io_executor& executor);
    /// The next bytes to send; empty at the end.
    asio::awaitable<std::string> next();

private:
    std::string read_batch();
    void append(std::string& to, const runtime::LogLine& lines) const;
    bool may_grow() const;
    asio::awaitable<void> wait_for_more();

    orchestrator::Engine& engine_;
    ContainerId id_;
    LogStreamOptions options_;
    runtime::LogReader reader_;
    asio::posix::stream_descriptor grown_;
    asio::steady_timer until_;
    bool woken_ = false;
    orchestrator::EventLog::Subscription subscription_;
};

}  // namespace hoist::api
