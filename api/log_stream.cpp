// SPDX-License-Identifier: Apache-2.0
#include "api/log_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "orchestrator/log_config.h"
#include "wire/frames.h"

namespace hoist::api {

using namespace orchestrator;

namespace {

constexpr std::size_t batch_size = 128 * 1024;

/// The reader keeps its descriptor; Asio closes the one it is given.
int duplicate(int fd) {
    return check(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "duplicate a descriptor");
}

/// Each line behind the time that they share.
std::string with_time(const runtime::LogLine& lines) {
    const std::string time = format_time(lines.time) + " ";
    std::string stamped;
    stamped.reserve(lines.text.size() + lines.text.size() / 2);
    for (std::string_view rest = lines.text; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        (stamped += time) += rest.substr(0, end);
        rest.remove_prefix(end);
    }
    return stamped;
}

}  // namespace

LogStream::LogStream(Engine& engine, ContainerId id, LogStreamOptions options, const asio::any_io_executor& executor)
    : engine_(engine),
      id_(std::move(id)),
      options_(options),
      reader_(open_log(engine.view(id_), options.query)),
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
        const auto lines = reader_.next_lines();
        if (!lines) break;
        append(batch, *lines);
    }
    return batch;
}

void LogStream::append(std::string& to, const runtime::LogLine& lines) const {
    std::string stamped;
    std::string_view text = lines.text;
    if (options_.timestamps) text = stamped = with_time(lines);
    if (options_.framing == LogFraming::raw)
        to += text;
    else
        wire::append_frame(to, static_cast<wire::FrameStream>(lines.stream), text);
}

}  // namespace hoist::api
