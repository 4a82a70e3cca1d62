// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/monitor_connection.h"

#include <sys/socket.h>

#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"

namespace hoist::orchestrator {

MonitorConnection::MonitorConnection(asio::any_io_executor executor, Fd socket)
    : executor_(executor), socket_(std::move(socket)), ready_(executor, socket_.get()), writing_(executor, 1) {}

MonitorConnection::~MonitorConnection() {
    if (ready_.is_open()) ready_.release();  // socket_ closes it
}

pid_t MonitorConnection::peer() const {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    check(::getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size), "ask for a monitor's pid");
    return credentials.pid;
}

asio::awaitable<void> MonitorConnection::read_all() {
    const auto self = shared_from_this();
    try {
        while (!closed_) {
            while (auto message = runtime::receive_message(socket_)) {
                take(std::move(*message));
                if (closed_) co_return;
            }
            co_await ready_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        }
    } catch (const Error&) {  // it has hung up
        if (closed_) co_return;
        close();
        if (on_closed) on_closed();
    } catch (const boost::system::system_error&) {
        if (!closed_) throw;
    }
}

void MonitorConnection::take(runtime::Message message) {
    const auto number = json_optional<std::uint64_t>(message.body, "seq");
    if (!number) {
        if (const auto error = message.body.find("error"); error != message.body.end())
            failure_ = json_value<std::string>(*error, "message", "");  // it could not begin, and ends
        if (on_event) on_event(std::move(message));
        return;
    }
    const auto it = pending_.find(*number);
    if (it == pending_.end()) return;  // nobody waits for it any more
    it->second->answer = std::move(message);
    it->second->answered.notify();
}

asio::awaitable<void> MonitorConnection::send(Json body, std::vector<int> fds) {
    const auto permit = co_await writing_.acquire();
    for (;;) {
        if (closed_) fail_gone();
        if (runtime::send_message(socket_, body, fds)) co_return;
        co_await ready_.async_wait(asio::posix::stream_descriptor::wait_write, asio::use_awaitable);
    }
}

asio::awaitable<runtime::Message> MonitorConnection::request(Json body, std::vector<int> fds,
                                                             std::chrono::milliseconds limit) {
    const auto self = shared_from_this();
    const auto number = ++last_number_;
    const std::string what = json_value<std::string>(body, "op", "");
    body["seq"] = number;
    const auto pending = std::make_shared<Pending>(executor_);
    pending_.emplace(number, pending);
    struct Forget {
        MonitorConnection& connection;
        std::uint64_t number;
        ~Forget() { connection.pending_.erase(number); }
    } forget{*this, number};
    co_await send(std::move(body), std::move(fds));
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!pending->answer) {
        if (closed_) fail_gone();
        if (!co_await pending->answered.wait(deadline) && std::chrono::steady_clock::now() >= deadline)
            fail(Kind::timeout, "the container's monitor did not answer '{}' within {} s", what,
                 std::chrono::duration_cast<std::chrono::seconds>(limit).count());
    }
    const auto error = pending->answer->body.find("error");
    if (error != pending->answer->body.end())
        throw Error(kind_from_string(json_value<std::string>(*error, "kind", "internal")),
                    json_value<std::string>(*error, "message", "the monitor gave no reason"));
    co_return std::move(*pending->answer);
}

void MonitorConnection::close() {
    if (closed_) return;
    closed_ = true;
    ready_.release();  // also ends what waits on it
    socket_.reset();
    fail_pending();
}

void MonitorConnection::fail_gone() const {
    if (!failure_.empty()) fail(Kind::internal, "{}", failure_);
    fail(Kind::unavailable, "the container's monitor is gone");
}

void MonitorConnection::fail_pending() {
    for (const auto& [number, pending] : pending_) pending->answered.notify();
}

}  // namespace hoist::orchestrator
