// SPDX-License-Identifier: Apache-2.0
#include "runtime/root_view.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/error.h"
#include "runtime/clone.h"

namespace hoist::runtime {
namespace {

constexpr int answer_limit_ms = 60'000;

/// Waits for the one answer that the process gives.
Message await_answer(const Fd& socket) {
    pollfd ready{socket.get(), POLLIN, 0};
    int count;
    do count = ::poll(&ready, 1, answer_limit_ms);
    while (count < 0 && errno == EINTR);
    check(count, "wait for the container's root");
    auto message = count > 0 ? receive_message(socket) : std::nullopt;
    if (!message) fail(Kind::timeout, "the container's root was not mounted within {} s", answer_limit_ms / 1000);
    return std::move(*message);
}

}  // namespace

RootView RootView::open(const std::string& runtime_program, const MonitorSpec& spec) {
    RootView view;
    view.process_ = spawn_runtime(runtime_program, {"view"});
    send_message(view.process_.socket, to_json(spec));
    auto answer = await_answer(view.process_.socket);
    if (const auto error = answer.body.find("error"); error != answer.body.end())
        throw Error(kind_from_string(json_value<std::string>(*error, "kind", "")),
                    json_value<std::string>(*error, "message", "the container's root could not be mounted"));
    if (answer.fds.size() != 1) fail(Kind::internal, "the container's root came without a descriptor");
    view.root_ = std::move(answer.fds.front());
    return view;
}

RootView::~RootView() {
    if (!process_.pidfd) return;
    // First the descriptor, which would keep the overlay mounted beyond its namespace.
    root_.reset();
    signal_process(process_.pidfd, SIGKILL);
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(process_.pidfd.get()), &info, WEXITED) != 0 && errno == EINTR) {
    }
}

}  // namespace hoist::runtime
