// SPDX-License-Identifier: Apache-2.0
#include "api/log_stream.h"
#include "api/router.h"
#include "base/error.h"
#include "wire/time.h"

namespace hoist::api {
namespace {

LogStreamOptions options_of(const wire::Query& query) {
    LogStreamOptions options;
    options.query.want_stdout = query.flag("stdout");
    options.query.want_stderr = query.flag("stderr");
    if (!options.query.want_stdout && !options.query.want_stderr)
        fail(Kind::invalid, "Bad parameters: you must choose at least one stream");
    options.query.since = wire::parse_optional_moment(query.get("since"), now(), "since");
    options.query.until = wire::parse_optional_moment(query.get("until"), now(), "until");
    if (const auto tail = query.get("tail"); !tail.empty() && tail != "all") {
        const auto count = query.number("tail");
        if (*count >= 0) options.query.tail = static_cast<std::uint64_t>(*count);
    }
    options.follow = query.flag("follow");
    options.timestamps = query.flag("timestamps");
    return options;
}

asio::awaitable<void> stream_logs(Exchange& exchange, Services& services) {
    auto& engine = services.engine;
    const auto id = engine.resolve(exchange.request.parameter("name"));
    auto options = options_of(exchange.request.query);
    const bool tty = engine.view(id).spec.tty;
    options.framing = tty ? LogFraming::raw : LogFraming::frames;
    LogStream log(engine, id, options, co_await asio::this_coro::executor);
    const bool names_frames = !tty && exchange.request.version >= ApiVersion{1, 42};
    co_await exchange.begin_stream(names_frames ? "application/vnd.docker.multiplexed-stream"
                                                : "application/vnd.docker.raw-stream");
    for (;;) {
        auto bytes = co_await log.next();
        if (bytes.empty()) break;
        co_await exchange.write(std::move(bytes));
    }
    co_await exchange.end_stream();
}

}  // namespace

std::vector<Route> log_routes() {
    return {{"GET", "/containers/{name}/logs", stream_logs, WhenGone::cancel}};
}

}  // namespace hoist::api
