// SPDX-License-Identifier: Apache-2.0
// What to tell when a container does not come to what others wait for.
#include "base/error.h"
#include "base/text.h"
#include "orchestrator/blocking.h"
#include "orchestrator/engine_hands.h"
#include "orchestrator/log_config.h"

namespace hoist::orchestrator {
namespace {

/// The last lines of a log, indented; empty if there is none to read.
std::string last_lines(const ContainerView& view) {
    std::string text;
    try {
        runtime::LogReader reader = open_log(view, {.tail = 10});
        while (const auto line = reader.next()) {
            text += "\n    " + escape_for_terminal(trim(line->text));
            if (text.size() > 16384) break;
        }
    } catch (const Error&) {
        // The report goes without: that there is no log is not what failed.
    }
    return text;
}

}  // namespace

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
    auto job = [view] { return last_lines(view); };
    const auto lines = co_await on_pool(engine.workers(), std::move(job));
    if (!lines.empty()) text += "\n  last lines of its log:" + lines;
    co_return text;
}

}  // namespace hoist::orchestrator
