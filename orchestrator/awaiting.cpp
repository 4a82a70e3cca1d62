// SPDX-License-Identifier: Apache-2.0
// Waiting for a container's health, and what to tell when it does not come.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/blocking.h"
#include "orchestrator/engine_hands.h"
#include "runtime/log_store.h"

namespace hoist::orchestrator {
namespace {

/// The last lines of a log, indented; empty if there is none to read.
std::string last_lines(const std::string& directory) {
    std::string text;
    try {
        runtime::LogReader reader(directory, {.tail = 10});
        while (const auto line = reader.next()) {
            text += "\n    " + escape_for_terminal(trim(line->text));
            if (text.size() > 16384) break;
        }
    } catch (const Error&) {
        // The report goes without: that there is no log is not what failed.
    }
    return text;
}

bool policy_goes_on(const ContainerView& view) {
    return !view.stopped_by_user && view.spec.restart.name != RestartSpec::Name::no;
}

/// Ends at the next event of one container.
class NextEvent {
public:
    NextEvent(EventLog& events, ContainerId id, const asio::any_io_executor& executor)
        : timer_(executor), subscription_(events.subscribe([this, id = std::move(id)](const Event& event) {
              if (event.type != "container" || event.id != id.str()) return;
              happened_ = true;
              timer_.cancel();
          })) {}

    asio::awaitable<void> wait() {
        timer_.expires_at(std::chrono::steady_clock::time_point::max());
        boost::system::error_code ignored;
        if (!happened_) co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (!happened_) throw boost::system::system_error(asio::error::operation_aborted);
        happened_ = false;
    }

private:
    bool happened_ = false;
    asio::steady_timer timer_;
    EventLog::Subscription subscription_;
};

}  // namespace

asio::awaitable<void> await_healthy(Engine& engine, ContainerId id, bool patient) {
    if (!patient) {
        co_await engine.wait_healthy(id);
        co_return;
    }
    const auto executor = co_await asio::this_coro::executor;
    NextEvent event(engine.events(), id, executor);
    for (;;) {
        const auto view = engine.view(id);
        const bool running = std::holds_alternative<Running>(view.state);
        if (running && view.health.status == Health::healthy) co_return;
        const bool hopeless = !running && !policy_goes_on(view);
        if (hopeless || std::holds_alternative<Removing>(view.state))
            fail(Kind::conflict, "container {} is {} and will not become healthy", view.name, status_word(view.state));
        co_await event.wait();
    }
}

asio::awaitable<std::string> failure_report(Engine& engine, ContainerId id) {
    if (!engine.find(id.str())) co_return " (it has been removed)";
    const auto view = engine.view(id);
    std::string text;
    if (const auto* exited = std::get_if<Exited>(&view.state))
        text += fmt::format("\n  it exited with {}{}{}", exited->last.code,
                            exited->last.oom_killed ? " (out of memory)" : "",
                            exited->last.error.empty() ? "" : ": " + exited->last.error);
    if (!view.health.log.empty()) {
        const auto& probe = view.health.log.back();
        text += fmt::format("\n  last probe: exit {}: {}", probe.exit_code,
                            escape_for_terminal(trim(std::string_view(probe.output).substr(0, 1024))));
    }
    auto job = [directory = view.log_directory] { return last_lines(directory); };
    const auto lines = co_await on_pool(engine.workers(), std::move(job));
    if (!lines.empty()) text += "\n  last lines of its log:" + lines;
    co_return text;
}

}  // namespace hoist::orchestrator
