// SPDX-License-Identifier: Apache-2.0
#include "api/log_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "wire/frames.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

constexpr std::size_t batch_size = 32 * 1024;

/// The reader keeps its descriptor; Asio closes the one it is given.
int duplicate(int fd) {
    return check(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "duplicate a descriptor");
}

}  // namespace

LogStream::LogStream(Engine& engine, ContainerId id, LogStreamOptions options, const asio::any_io_executor& executor)
    : engine_(engine),
      id_(std::move(id)),
      options_(options),
      reader_(engine.view(id_).log_directory, options.query),
      grown_(executor),
      until_(executor) {
    if (!options_.follow) return;
    grown_.assign(duplicate(reader_.notify_fd()));
    const auto wake = [this] {
        woken_ = true;
        boost::system::error_code ignored;
        grown_.cancel(ignored);
    };
    subscription_ = engine.events().subscribe([this, wake](const Event& event) {
        if (event.type != "container" || event.id != id_.str()) return;
        wake();
    });
    if (const auto& until = options_.query.until; until) {
        until_.expires_after(*until - now());
        until_.async_wait([wake, this](boost::system::error_code problem) {
            if (problem) return;
            options_.follow = false;
            wake();
        });
    }
}

asio::awaitable<std::string> LogStream::next() {
    for (;;) {
        // Asked before reading: what was written before the end is then read in this round.
        const bool more_may_come = may_grow();
        std::string batch = read_batch();
        if (!batch.empty() || !more_may_come) co_return batch;
        co_await wait_for_more();
    }
}

bool LogStream::may_grow() const {
    if (!options_.follow) return false;
    const auto id = engine_.find(id_.str());
    if (!id) return false;
    const State state = engine_.view(*id).state;
    return std::holds_alternative<Running>(state) || std::holds_alternative<Restarting>(state);
}

asio::awaitable<void> LogStream::wait_for_more() {
    if (!woken_) {
        boost::system::error_code ignored;
        co_await grown_.async_wait(grown_.wait_read, asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
    woken_ = false;
    reader_.drain();
}

std::string LogStream::read_batch() {
    std::string batch;
    while (batch.size() < batch_size) {
        const auto line = reader_.next();
        if (!line) break;
        append(batch, *line);
    }
    return batch;
}

void LogStream::append(std::string& to, const runtime::LogLine& line) const {
    std::string stamped;
    std::string_view text = line.text;
    if (options_.timestamps) text = stamped = format_time(line.time) + " " + std::string(line.text);
    if (options_.framing == LogFraming::raw)
        to += text;
    else
        wire::append_frame(to, static_cast<wire::FrameStream>(line.stream), text);
}

}  // namespace hoist::api
